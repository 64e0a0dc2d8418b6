"""Section 1.4 on the demonstration farm: every field sorts, every key, enum, date, number and boolean chooses rows."""

import datetime as dt
import itertools
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from contract.pastures import SLUGS
from contract.walk.capabilities import FILTERED, SEARCHED, SORTED
from contract.walk.demo import Farm, Row, asked, wired

every = pytest.mark.parametrize("slug", SLUGS)
SAMPLES = 4


def plain(value: Any) -> str:
    """A text without case and accents."""
    letters = unicodedata.normalize("NFD", str(value).casefold())
    return "".join(one for one in letters if not unicodedata.combining(one))


def ranked(value: Any) -> tuple[bool, Any]:
    """Nothing is less than anything."""
    return (value is not None, value if value is not None else 0)


def stored_values(demo: Farm, slug: str) -> dict[int, Row]:
    """Every row as it is shown, with the moments, dates and numbers as they are stored."""
    stored, rows = demo.by_id(slug), demo.all_of(slug)
    return {row["id"]: {**row, **{k: v for k, v in stored[row["id"]].items() if k in row}} for row in rows}


@every
def test_every_field_sorts(demo: Farm, slug: str) -> None:
    rows = stored_values(demo, slug)
    names = next(iter(rows.values())).keys()
    assert set(SORTED[slug]) <= names
    for name in names:
        up = [row["id"] for row in demo.page(slug, f"sort_by={name}&sort_order=asc&fields=id")[0]]
        down = [row["id"] for row in demo.page(slug, f"sort_by={name}&sort_order=desc&fields=id")[0]]
        if any(isinstance(row[name], str) for row in rows.values()):
            _sorts_texts(
                [rows[id][name] for id in up], [rows[id][name] for id in down], len(rows), demo.profile
            )
            continue
        order = sorted(rows, key=lambda id: (ranked(rows[id][name]), id))
        assert up == order[:1000], name
        assert down == order[::-1][:1000], name


def _sorts_texts(up: list[Any], down: list[Any], total: int, profile: str) -> None:
    """MariaDB compares without case and accents, so that there only equal texts are known to stand together."""
    if total <= 1000:
        assert up == down[::-1] or profile == "services"
    if profile == "embedded":
        assert up == sorted(up, key=ranked)
        assert down == sorted(down, key=ranked, reverse=True)
    else:
        assert len([one for one, _ in itertools.groupby(up)]) == len(set(up))
        assert up != down or len(set(up)) == 1


@every
def test_every_choice_is_kept(demo: Farm, slug: str) -> None:
    rows = stored_values(demo, slug)
    names = [name for name in next(iter(rows.values())) if _chooses(slug, name, rows)]
    assert set(FILTERED[slug]) <= set(names)
    for name in names:
        values = sorted({row[name] for row in rows.values()} - {None}, key=str)
        some = values[:: max(1, len(values) // SAMPLES)][:SAMPLES]
        for value in some:
            _chosen(demo, slug, rows, name, {value})
        _chosen(demo, slug, rows, name, set(some[:3]))


def _chooses(slug: str, name: str, rows: dict[int, Row]) -> bool:
    """Whether rows must be choosable by the field: all but free text."""
    free = all(isinstance(row[name], str | None) for row in rows.values())
    return not free or name in FILTERED[slug]


def _chosen(demo: Farm, slug: str, rows: dict[int, Row], name: str, values: set[Any]) -> None:
    """Moments are asked for as they are shown, to the second, and by the day."""
    readings: list[Callable[[Any], Any]] = [wired]
    if any(isinstance(value, dt.datetime) for value in values):
        readings.append(lambda value: value and wired(value.date()))
    for read in readings:
        wanted = {read(value) for value in values}
        expected = sorted(id for id, row in rows.items() if read(row[name]) in wanted)
        found, total = demo.page(slug, f"{name}={','.join(sorted(map(asked, wanted)))}&sort_by=id")
        assert total == len(expected), (name, wanted)
        assert [row["id"] for row in found] == expected[:1000], (name, wanted)


@every
def test_dates_and_quantities_have_a_from_and_a_to(demo: Farm, slug: str) -> None:
    whole = stored_values(demo, slug)
    for name in next(iter(whole.values())):
        rows = {id: {name: _shown(row[name])} for id, row in whole.items()}
        values = sorted({row[name] for row in rows.values() if _measures(row[name])})
        if len(values) < 2:
            continue
        low, high = values[len(values) // 4], values[len(values) * 3 // 4]
        inside = {id for id, row in rows.items() if row[name] is not None and low <= row[name] <= high}
        for first, last in ((f"{name}_from", f"{name}_to"), (f"{name}From", f"{name}To")):
            total = demo.page(slug, **{first: low, last: high, "fields": "id"})[1]
            assert total == len(inside), name
        below = {id for id, row in rows.items() if row[name] is not None and row[name] <= high}
        assert demo.page(slug, **{f"{name}_to": high, "fields": "id"})[1] == len(below), name


def _shown(value: Any) -> Any:
    """Moments are shown to the second."""
    return value.replace(microsecond=0) if isinstance(value, dt.datetime) else value


def _measures(value: Any) -> bool:
    return isinstance(value, int | float | dt.date) and not isinstance(value, bool)


@pytest.mark.parametrize(
    ("slug", "name"), [(slug, name) for slug, names in SEARCHED.items() for name in names]
)
def test_a_search_finds_every_row_with_the_word_and_no_other(demo: Farm, slug: str, name: str) -> None:
    rows = {row["id"]: row for row in demo.all_of(slug)}
    texts = sorted({row[name] for row in rows.values() if row[name]})
    for text in texts[:: max(1, len(texts) // SAMPLES)][:SAMPLES]:
        for term in (text, text.upper(), plain(text)[1:-1]):
            found, total = demo.page(slug, search=term, q=term)
            wanted = plain(term.strip())
            having = {id for id, row in rows.items() if wanted in plain(row[name])}
            assert having
            assert total >= len(having), term
            assert {row["id"] for row in found} >= having or total > 1000, term
            for row in found:
                assert any(wanted in plain(value) for value in row.values()), (term, row)
