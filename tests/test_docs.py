"""The documents say what the code does: settings, rooms, tables, routes, commands, links, and the Spanish twin."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.api import NAMESPACES
from app.core.errors import CODES, DomainError
from app.core.settings import ROOT, Settings
from scripts import routes_page, schema_page

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
ROOMS = sorted(file.parent.name for file in (ROOT / "app").glob("*/__init__.py"))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    return BLOCK.sub("", text_of(page))


def section(page: Path, title: str) -> str:
    return text_of(page).split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def headings(page: Path) -> list[str]:
    return re.findall(r"^(#+ .+)$", prose_of(page), re.MULTILINE)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def written(default: object) -> str:
    """A default as the table of settings writes it."""
    if default in (None, "", []):
        return "—"
    if isinstance(default, Path):
        return f"`{default.relative_to(ROOT)}`"
    if isinstance(default, list):
        return f"`{','.join(default)}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z_0-9]+)` \| (.+?) \| .+ \|$",
        section(DOCS / "operations.md", "Settings"),
        re.MULTILINE,
    )
    fields = {key.upper(): written(field.default) for key, field in Settings.model_fields.items()}
    assert dict(rows) == fields
    assert len(rows) == len(fields)


def test_the_template_of_the_environment_names_every_setting() -> None:
    named = set(re.findall(r"^([A-Z_0-9]+)=", text_of(ROOT / ".env.example"), re.MULTILINE))
    assert named == {key.upper() for key in Settings.model_fields}


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_in_the_architecture(room: str) -> None:
    assert re.search(rf"^### {room}/ — \w", text_of(DOCS / "architecture.md"), re.MULTILINE)


@pytest.mark.parametrize("room", ROOMS)
def test_the_files_the_architecture_names_exist(room: str) -> None:
    described = text_of(DOCS / "architecture.md").split(f"\n### {room}/", 1)[1].split("\n##", 1)[0]
    named = re.findall(r"`(\w+\.py)`", described)
    assert named
    assert [file for file in named if not (ROOT / "app" / room / file).exists()] == []


def test_the_architecture_draws_the_import_order_that_is_checked() -> None:
    contracts = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["containers"] == ["app"])
    checked = [re.findall(r"\w+", layer) for layer in layers]
    drawn = BLOCK.search(section(DOCS / "architecture.md", "The house"))
    assert drawn
    lines = [re.findall(r"\w+", line) for line in drawn[2].splitlines()]
    present = [[room for room in layer if room in ROOMS] for layer in checked]
    assert lines[1:] == [rooms for rooms in present if rooms]


def test_the_page_of_tables_is_that_of_the_models() -> None:
    assert text_of(schema_page.PAGE) == schema_page.page(), "run: python -m scripts.schema_page"


def test_the_page_of_routes_is_that_of_the_resources() -> None:
    assert text_of(routes_page.PAGE) == routes_page.page(), "run: python -m scripts.routes_page"


def test_every_error_code_is_documented() -> None:
    source = "\n".join(text_of(file) for file in (ROOT / "app").rglob("*.py"))
    codes = set(re.findall(r'code(?:: str)? ?= ?"([A-Z_]+)"', source))
    codes |= {kind.code for kind in DomainError.__subclasses__()} | {code for code, _ in CODES.values()}
    documented = set(re.findall(r"`([A-Z_]+)`", section(DOCS / "conventions.md", "Errors")))
    assert "TOKEN_REVOKED" in codes
    assert sorted(codes - documented) == []


def routes() -> Iterator[str]:
    for namespace, prefix in NAMESPACES:
        for resource in namespace.resources:
            yield from (prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", url) for url in resource.urls)


def fits(path: str, route: str) -> bool:
    """Whether the path is the route, or the route with a value in the place of a parameter."""
    return bool(re.fullmatch(re.sub(r"<\w+>", "[^/]+", route), path))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_routes_that_are_named_exist(page: Path) -> None:
    known = {*routes(), *(prefix for _, prefix in NAMESPACES), "", "/health", "/swagger.json"}
    named = re.findall(r"/api/v1((?:/[\w-]+(?:\.json)?|/<\w+>|/\{\w+\})*)", text_of(page))
    assert [path for path in named if not any(fits(path, route) for route in known)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_commands_that_are_named_exist(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    doors = [*(ROOT / "app").rglob("*.py")]
    ours = set(re.findall(r'@click\.(?:command|group)\("([\w-]+)"\)', "\n".join(map(text_of, doors))))
    code = "\n".join(
        [m[2] for m in BLOCK.finditer(text_of(page))] + re.findall(r"`([^`\n]+)`", text_of(page))
    )
    assert set(re.findall(r"^ *make ([a-z]+)", code, re.MULTILINE)) <= targets
    assert set(re.findall(r"\bflask ([a-z-]+)", code)) <= ours | {"db"}
    files = re.findall(r"\bpython (?:-m )?([\w/.]+)", code)
    places = [ROOT / f if f.endswith(".py") else ROOT / f"{f.replace('.', '/')}.py" for f in files]
    programs = [place for place in places if not (place.with_suffix("") / "__main__.py").exists()]
    assert [place for place in programs if not place.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in {slug(heading) for heading in headings(found)}, target


def slug(heading: str) -> str:
    """The anchor that a heading gets where Markdown is shown."""
    plain = re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower())
    return plain.replace(" ", "-")


def test_every_page_is_in_the_index() -> None:
    linked = {*LINK.findall(text_of(DOCS / "README.md")), "README.md"}
    pages = {page.name for page in DOCS.iterdir() if page.suffix in {".md", ".yaml"}}
    assert sorted(pages - linked) == []


def blocks(page: Path, *, commands: bool) -> list[str]:
    return [match[2] for match in BLOCK.finditer(text_of(page)) if bool(match[1]) is commands]


def test_the_spanish_twin_keeps_step() -> None:
    english, spanish = ROOT / "README.md", ROOT / "README.es.md"
    assert [h.split()[0] for h in headings(english)] == [h.split()[0] for h in headings(spanish)]
    assert blocks(english, commands=True) == blocks(spanish, commands=True)
    # The tree is explained in each language; what it shows is the same.
    trees = [
        re.findall(r"^ *\S+", blocks(page, commands=False)[0], re.MULTILINE) for page in (english, spanish)
    ]
    assert trees[0] == trees[1]
    for pattern in (LINK, re.compile(r"^\| `[A-Z].*?(?= \|)", re.MULTILINE), re.compile(r"<http[^>]+>")):
        found = [pattern.findall(prose_of(page)) for page in (english, spanish)]
        twins = [[re.sub(r"README.es.md|, (or|o) ", "README.md", one) for one in side] for side in found]
        assert twins[0] == twins[1]


def test_the_tree_of_the_readme_is_that_of_the_repository() -> None:
    for line in blocks(ROOT / "README.md", commands=False)[0].splitlines():
        indent, entry = re.match(r"( *)(\S+)", line).groups()  # type: ignore[union-attr]
        assert (ROOT / ("app" if indent else "") / entry).exists(), line


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_knows_one_machine(page: Path) -> None:
    assert re.findall(r"(?:/home|/root|/Users|/work|/tmp|/mnt)/\S*|[A-Z]:\\\S*", text_of(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_blocks_of_code_begin_and_end_on_lines_of_their_own(page: Path) -> None:
    assert [line for line in text_of(page).splitlines() if re.search(r"```\w* |\S *```", line)] == []
    assert len(re.findall(r"^ *```", text_of(page), re.MULTILINE)) == 2 * len(BLOCK.findall(text_of(page)))


def test_decisions_are_dated_and_short() -> None:
    entries = re.split(r"^## ", text_of(DOCS / "decisions.md"), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        title, *lines = [line for line in entry.splitlines() if line.strip()]
        assert re.match(r"\d{4}-\d\d-\d\d · \S", title), title
        assert 1 <= len(lines) <= 5, title
        assert all(len(line) <= 120 for line in lines), title


def test_every_benchmark_is_told() -> None:
    [named] = re.findall(r"^BENCHMARKS := .*,(.*)\)$", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
    programs = {f"bench/{name}" for name in [*named.split(), "load.py"]}
    assert all((DOCS.parent / program).exists() for program in programs)
    assert set(re.findall(r"`(bench/\w+\.py)`", text_of(DOCS / "benchmarks.md"))) == programs


def test_the_words_of_the_glossary_are_in_the_code() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", text_of(DOCS / "glossary.md"), re.MULTILINE)
    words = {word for row in rows for word in re.findall(r"`(\w+)`", row)}
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "app").rglob("*.py"))
    assert words
    assert sorted(word for word in words if not re.search(rf"{re.escape(word)}", code)) == []


def test_the_examples_are_python() -> None:
    examples = [
        match[2] for match in BLOCK.finditer(text_of(DOCS / "new-feature.md")) if match[1] == "python"
    ]
    assert examples
    for example in examples:
        ast.parse(example)
