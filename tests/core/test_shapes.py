"""How values are read and refused, and that every refusal can be read by people."""

import datetime as dt
import json
from typing import Any, Literal

import pytest
from pydantic import Field, ValidationError

from app.core.shapes import SPANISH, Moment, Shape, Text, field_errors, partial


class Cow(Shape):
    """Something with a field of each kind."""

    name: Text = Field(min_length=2, max_length=5)
    weight_kg: float = Field(gt=0, lt=2000)
    teats: int = Field(default=4, ge=0, le=4)
    sex: Literal["Hembra", "Macho"] = "Hembra"
    tags: list[Text] = Field(default=[], max_length=2)
    born: dt.date | None = None
    seen: Moment | None = None
    facts: dict[str, Any] = Field(default={})
    alive: bool = True
    note: Text | None = Field(default=None, max_length=5)


GOOD = {"name": "Luna", "weight_kg": 400}


def errors(**values: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as refusal:
        Cow.model_validate({**GOOD, **values})
    return field_errors(refusal.value.errors(include_url=False))


@pytest.mark.parametrize(
    ("field", "given", "read"),
    [
        ("weight_kg", "400.5", 400.5),
        ("teats", "3", 3),
        ("teats", 3.0, 3),
        ("name", "  Sol  ", "Sol"),
        ("name", 1234, "1234"),
        ("name", "Ñuñú", "Ñuñú"),
        ("name", "a\nb", "a\nb"),
        ("name", "a\r\nb", "a\nb"),
        ("alive", "false", False),
        ("born", "2026-02-28", dt.date(2026, 2, 28)),
        ("born", " 2026-02-28 ", dt.date(2026, 2, 28)),
        ("seen", "2026-02-28T10:00:00", dt.datetime(2026, 2, 28, 10, tzinfo=dt.UTC)),
        ("seen", "2026-02-28T10:00:00-05:00", dt.datetime(2026, 2, 28, 15, tzinfo=dt.UTC)),
    ],
)
def test_values_are_read_kindly(field: str, given: Any, read: Any) -> None:
    assert getattr(Cow.model_validate({**GOOD, field: given}), field) == read


@pytest.mark.parametrize(
    ("field", "given", "sentence"),
    [
        ("name", None, "Debe ser un texto"),
        ("name", True, "Debe ser un texto"),
        ("weight_kg", True, "Debe ser un número"),
        ("teats", True, "Debe ser un número entero"),
        ("born", 0, "Debe ser una fecha AAAA-MM-DD"),
        ("born", -86400.0, "Debe ser una fecha AAAA-MM-DD"),
        ("born", "86400", "Debe ser una fecha AAAA-MM-DD"),
        ("born", "20260228", "Debe ser una fecha AAAA-MM-DD"),
        ("born", False, "Debe ser una fecha AAAA-MM-DD"),
        ("seen", 1700006400, "Debe ser una fecha y hora ISO 8601"),
        ("seen", "1700006400.5", "Debe ser una fecha y hora ISO 8601"),
        ("name", "x", "Debe tener al menos 2 caracteres"),
        ("name", "demasiado", "Debe tener como máximo 5 caracteres"),
        ("name", "a\x00b", "Contiene caracteres de control"),
        ("weight_kg", "NaN", "Debe ser un número finito"),
        ("weight_kg", "Infinity", "Debe ser un número finito"),
        ("weight_kg", 0, "Debe ser mayor que 0"),
        ("weight_kg", "mucho", "Debe ser un número"),
        ("teats", 5, "Debe ser menor o igual que 4"),
        ("teats", 1.5, "Debe ser un número entero"),
        ("teats", 10**30, None),
        ("sex", "Castrado", "Debe ser uno de: 'Hembra' o 'Macho'"),
        ("tags", "a", "Debe ser una lista"),
        ("tags", ["a", "b", "c"], "Tiene demasiados elementos (máximo 2)"),
        ("born", "28/02/2026", "Debe ser una fecha AAAA-MM-DD"),
        ("born", "2026-02-30", "Debe ser una fecha AAAA-MM-DD"),
        ("seen", "ayer", "Debe ser una fecha y hora ISO 8601"),
        ("facts", [], "Debe ser un objeto"),
        ("alive", "quizás", "Debe ser verdadero o falso"),
        ("note", "de Bogotá\x07", "Contiene caracteres de control"),
        ("note", "demasiado", "Debe tener como máximo 5 caracteres"),
    ],
)
def test_refusals_are_sentences_in_spanish(field: str, given: Any, sentence: str | None) -> None:
    found = errors(**{field: given})
    assert set(found) == {field}
    if sentence is not None:
        assert found[field] == sentence
    assert "Input" not in found[field]


def test_all_mistakes_are_told_at_once() -> None:
    assert set(errors(name="x", weight_kg=-1, teats=9, tags=[{}])) == {"name", "weight_kg", "teats", "tags.0"}


def test_a_missing_field_is_obligatory() -> None:
    with pytest.raises(ValidationError) as refusal:
        Cow.model_validate({})
    assert field_errors(refusal.value.errors()) == {
        "name": "Este campo es obligatorio",
        "weight_kg": "Este campo es obligatorio",
    }


def test_a_refused_value_is_not_repeated() -> None:
    assert "secreta" not in json.dumps(errors(name="una contraseña secreta"))


def test_a_partial_shape_keeps_every_rule_and_requires_nothing() -> None:
    changes = partial(Cow, "CowChanges")
    assert changes.model_validate({}).model_dump(exclude_unset=True) == {}
    assert changes.model_validate({"name": " Sol "}).model_dump(exclude_unset=True) == {"name": "Sol"}
    for wrong in ({"name": "x"}, {"weight_kg": -1}, {"name": "a\x00b"}, {"name": None}, {"sex": "otro"}):
        with pytest.raises(ValidationError):
            changes.model_validate(wrong)
    assert Cow.model_fields["weight_kg"].is_required()


def test_moments_are_written_in_utc() -> None:
    cow = Cow.model_validate({**GOOD, "seen": "2026-02-28T22:00:00-05:00"})
    assert cow.model_dump(mode="json")["seen"] == "2026-03-01T03:00:00Z"


def test_every_sentence_can_be_filled() -> None:
    facts = dict.fromkeys(["min_length", "max_length", "gt", "ge", "lt", "le", "expected"], "7")
    for kind, sentence in SPANISH.items():
        assert "{" not in sentence.format_map(facts), kind
