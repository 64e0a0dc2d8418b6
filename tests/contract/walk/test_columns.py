"""Section 1.1 on the demonstration farm: each column's name, type, bounds, enum, uniqueness and aliases."""

import datetime as dt
from typing import Any

import pytest
from biogas.plant import made
from contract.pastures import SLUGS
from contract.walk.columns import COLUMNS, PAIRS, Column
from contract.walk.demo import Farm, Row, on_sqlite, wired

pytestmark = on_sqlite

each = pytest.mark.parametrize("column", COLUMNS, ids=str)
NOWHERE = 2_000_000_000
# Texts with a form of their own.
FORMS = {"users.email": "Otro.Correo@Finca.TEST", "users.phone": "+573001112233"}


def unlike(column: Column) -> list[Any]:
    """Values that the column cannot hold."""
    wrong: dict[str, list[Any]] = {
        "digits15": ["123", "1" * 16, "12a4", ""],
        "digits": ["muchos", -1],
        "int": ["x", "1.5", -1],
        "number": ["x", "NaN"],
        "date": ["ayer", "2025-02-30", 5.5],
        "bool": ["quizás", 7],
    }
    values = [*wrong.get(column.kind, [])]
    values += ["Otro", column.values[0] + "x"] if column.values else []
    values += ["x" * (column.most + 1), {"a": 1}] if column.most else []
    values += [NOWHERE, "x", 0, -3] if column.target else []
    values += [0, -0.5] if "positive" in column.rules else []
    values += [wired(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2))] if "past" in column.rules else []
    values += ["x" * 2] if "least3" in column.rules else []
    values += [None, ""] if column.must else []
    return values


def fault(answer: Any, column: Column) -> str:
    """What is said about the column where the answer is a refusal of the body."""
    assert answer.status_code == 422, answer.get_data(as_text=True)[:300]
    assert answer.json["error"]["code"] == "VALIDATION_ERROR"
    found: str = answer.json["error"]["details"]["validation_errors"].get(column.name, "")
    return found


@pytest.mark.parametrize("slug", SLUGS)
def test_rows_are_shown_as_they_are_stored(demo: Farm, slug: str) -> None:
    rows, stored = demo.all_of(slug), demo.by_id(slug)
    assert {row["id"] for row in rows} == stored.keys()
    columns = [one for one in COLUMNS if one.slug == slug]
    for row in rows:
        truth = stored[row["id"]]
        for column in columns:
            assert _same(row[column.name], truth[column.name], column), (column, row["id"])
        for name in ("created_at", "updated_at"):
            assert row[name] == wired(truth[name])
        assert not {"password", "password_hash"} & row.keys()


def _same(shown: Any, stored: Any, column: Column) -> bool:
    if column.kind == "digits" and stored is not None:
        return isinstance(shown, str) and float(shown) == stored
    kinds = {"digits15": int, "int": int, "number": float, "bool": bool}
    kind = int if column.target else kinds.get(column.kind, str)
    return shown == wired(stored) and (shown is None or type(shown) is kind)


@each
def test_a_column_refuses_what_it_cannot_hold(demo: Farm, column: Column) -> None:
    row = demo.first(column.slug)
    path = f"/{column.slug}/{row['id']}"
    whole = {name: value for name, value in row.items() if name != column.alias}
    for value in unlike(column):
        for verb in (demo.admin.put, demo.admin.patch):
            assert fault(verb(path, json={column.name: value}), column), value
        assert fault(demo.admin.post(f"/{column.slug}", json=whole | {column.name: value}), column), value
    assert made(demo.admin.get(path), 200) == row


@each
def test_what_must_be_said_is_asked_for(demo: Farm, column: Column) -> None:
    told = fault(demo.admin.post(f"/{column.slug}", json={"unknown": 1}), column)
    assert bool(told) == column.must


@pytest.mark.parametrize("column", [one for one in COLUMNS if one.values], ids=str)
def test_each_value_of_an_enum_is_taken(demo: Farm, column: Column) -> None:
    for value in column.values:
        row = made(
            demo.admin.post(f"/{column.slug}", json=demo.pasture.body(column.slug) | {column.name: value})
        )
        assert row[column.name] == value


def likes(column: Column, row: Row) -> list[tuple[Any, Any]]:
    """What the column can hold, and how it is answered."""
    here = row[column.name]
    values: dict[str, list[tuple[Any, Any]]] = {
        "digits": [("17", "17"), (18, "18")],
        "int": [("17", 17), (18, 18)],
        "number": [("12.5", 12.5), (13, 13)],
        "bool": [(False, False), (True, True)],
    }
    found = [*values.get(column.kind, [])]
    if form := FORMS.get(str(column)):
        found += [(form, form.lower())]
    elif column.most:
        found += [("ñ" * column.most, "ñ" * column.most), ("  corto ", "corto")]
    if column.target and here is not None:
        found += [(str(here), here), (here, here)]
    return found


@each
def test_a_column_holds_what_it_may(demo: Farm, column: Column) -> None:
    before = demo.pasture.more(column.slug)
    path = f"/{column.slug}/{before['id']}"
    for sent, answered in likes(column, before):
        row = made(demo.admin.put(path, json={column.name: sent}), 200)
        assert row[column.name] == answered
        # The keys that are not sent stay as they are; a treatment's description has another name.
        derived = {column.name, "updated_at", *(["diagnosis"] if column.name == "description" else [])}
        assert {k: v for k, v in row.items() if k not in derived} == {
            k: v for k, v in before.items() if k not in derived
        }
    made(demo.admin.delete(path), 200)


@pytest.mark.parametrize("column", [one for one in COLUMNS if "unique" in one.rules], ids=str)
def test_a_value_is_taken_once(demo: Farm, column: Column) -> None:
    first, second = (one for one in demo.stored(column.slug)[:2])
    value = first[column.name]
    if value is None:
        value = made(demo.admin.post(f"/{column.slug}", json=demo.pasture.body(column.slug)))[column.name]
    body = demo.pasture.body(column.slug)
    for answer in (
        demo.admin.post(f"/{column.slug}", json=body | {column.name: value}),
        demo.admin.put(f"/{column.slug}/{second['id']}", json={column.name: value}),
        demo.admin.patch(f"/{column.slug}/{second['id']}", json={column.name: value}),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "CONFLICT")
        conflict = answer.json["error"]["details"]["conflict"]
        assert conflict["field"] == column.name
        assert conflict["value"] == value
        assert conflict["label"]
        assert conflict["suggestion"]
        assert answer.json["message"]
    assert demo.by_id(column.slug)[second["id"]] == second


@pytest.mark.parametrize("slug", list(PAIRS))
def test_values_are_taken_together_once(demo: Farm, slug: str) -> None:
    row = demo.stored(slug)[-1]
    taken = {name: wired(row[name]) for name in PAIRS[slug]}
    before = len(demo.stored(slug))
    answer = demo.admin.post(f"/{slug}", json=demo.pasture.body(slug) | taken)
    assert answer.status_code == 409, answer.get_data(as_text=True)
    # An animal that is in a paddock is refused as such.
    if slug != "animal-fields":
        assert answer.json["error"]["details"]["conflict"]["field"] in PAIRS[slug]
    assert len(demo.stored(slug)) == before


@pytest.mark.parametrize("column", [one for one in COLUMNS if one.alias], ids=str)
def test_other_names_of_a_column_are_known(demo: Farm, column: Column) -> None:
    body = demo.pasture.body(column.slug)
    if column.target == "animals":
        sex = "Macho" if column.name == "idFather" else "Hembra"
        parent = demo.first("animals", sex=sex)
        body |= {column.name: parent["id"], "breeds_id": parent["breeds_id"]}
    value = body.pop(column.name)
    row = made(demo.admin.post(f"/{column.slug}", json=body | {column.alias: value}))
    assert str(row[column.name]) == str(value)
    row = made(demo.admin.patch(f"/{column.slug}/{row['id']}", json={column.alias: value}), 200)
    assert str(row[column.name]) == str(value)
