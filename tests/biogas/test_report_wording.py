"""Spanish numbers and the characters a PDF can show."""

from datetime import UTC, date, datetime

import pytest

from app.biogas.meter_state import EventKind
from app.biogas.reports import wording


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1234567.891, 2, "1.234.567,89"),
        (0.0, 2, "0,00"),
        (-0.001, 2, "0,00"),
        (-1234.5, 1, "-1.234,5"),
        (999.999, 2, "1.000,00"),
        (2.0, 0, "2"),
        (None, 2, "—"),
        (float("nan"), 2, "—"),
        (float("inf"), 2, "—"),
    ],
)
def test_decimal(value: float | None, places: int, text: str) -> None:
    assert wording.decimal(value, places) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(99_999.0, "99.999,00"), (123_456.7, "123.457"), (3.6e9, "3,60e+09"), (float("nan"), "—"), (None, "—")],
)
def test_compact(value: float | None, text: str) -> None:
    assert wording.compact(value) == text


def test_percentages() -> None:
    assert wording.percent(0.954) == "95,4 %"
    assert wording.percent(None) == "—"
    assert wording.signed_percent(5.24) == "+5,2 %"
    assert wording.signed_percent(-5.24) == "-5,2 %"
    assert wording.signed_percent(0.04) == "0,0 %"
    assert wording.signed_percent(None) == "—"


def test_dates() -> None:
    assert wording.long_day(date(2026, 1, 5)) == "5 ene 2026"
    assert wording.short_day(date(2026, 8, 31)) == "31 ago"
    assert wording.month_year(date(2026, 12, 1)) == "dic 26"
    assert wording.day_text(None) == "—"
    moment = datetime(2026, 1, 1, 2, 30, tzinfo=UTC)
    assert wording.local_minute(moment, "America/Bogota") == "2025-12-31 21:30"


def test_every_event_of_a_meter_has_a_label() -> None:
    assert set(wording.EVENT_LABELS) == set(EventKind)


def test_repeated_events_are_counted() -> None:
    assert wording.events_text(["gap", "meter_spike", "gap"]) == "Hueco en los datos (2), Pico descartado"
    assert wording.events_text([]) == ""


def test_unknown_events_keep_their_code() -> None:
    assert wording.event_label("new_thing") == "new_thing"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ñandú, 3 m³ a 28 °C: «sí» – ¿no?", "Ñandú, 3 m³ a 28 °C: «sí» – ¿no?"),
        ("n\u0303", "ñ"),
        ("ő≥3", "o>=3"),
        ("牛🐄", "??"),
        ("a\x00\u200b\x85b", "ab"),
        ("\ud800", "?"),
        ("una\ndos\ttres", "una\ndos tres"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert wording.printable(text) == shown
