"""The rules of the house that import-linter cannot see: what each module says of itself, and who may commit."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
MODULES = sorted(APP.rglob("*.py"))
NAMELESS = {"utils", "helpers", "common", "base", "manager", "misc"}
# The doors, which open and close transactions; everything else leaves that to them.
DOORS = {"transaction.py"}


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(the dotted text of what is called, line)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_a_module_opens_with_what_lives_in_it(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree)
    assert text, "no docstring"
    assert text.strip().endswith((".", ":", "?", "!")) or "\n" in text
    assert path.stem not in NAMELESS


@pytest.mark.parametrize("path", MODULES, ids=names)
def test_services_never_commit(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    committing = [(name, line) for name, line in calls(tree) if name.endswith("session.commit")]
    assert path.name in DOORS or committing == []


@pytest.mark.parametrize("path", [p for p in MODULES if "resource" in p.stem], ids=names)
def test_doors_use_no_parser_that_is_going_away(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "reqparse" not in text
    assert "marshal_with" not in text


def test_files_stay_short() -> None:
    long = {
        names(path): length for path in MODULES if (length := len(path.read_text("utf-8").splitlines())) > 270
    }
    assert long == {}


def test_functions_stay_short() -> None:
    lengths = {
        f"{names(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert median(lengths.values()) < 10
    assert {name: length for name, length in lengths.items() if length > 70} == {}
