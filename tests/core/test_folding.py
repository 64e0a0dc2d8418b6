"""What a search takes for the same text."""

import pytest
from conftest import Caller

from app.core.folding import folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        (None, None),
        ("REC-007", "rec-007"),
        ("Santa Inés", "santa ines"),
        ("SANTA INÉS", "santa ines"),
        ("Sante Ine\u0301s", "sante ines"),
        ("Ñandú, pingüino", "nandu, pinguino"),
        ("straße", "strasse"),
        # A wide percent sign must not become a wildcard.
        ("5％ é", "5％ e"),
    ],
)
def test_folded(text: str | None, found: str | None) -> None:
    assert folded(text) == found


def test_a_search_minds_neither_case_nor_accents(admin: Caller) -> None:
    for name in ("Ovino de Santa Inés", "Bovino 5 %", "Búfalo"):
        assert admin.post("/species", json={"name": name}).status_code == 201

    def found(term: str) -> list[str]:
        answer = admin.get("/species", query_string={"search": term, "sort_by": "id"})
        return [row["name"] for row in answer.json["data"]]

    for term in ("SANTA INÉS", "santa ines", "inés", "INES"):
        assert found(term) == ["Ovino de Santa Inés"]
    assert found("%") == ["Bovino 5 %"]
    assert found("bÚf") == ["Búfalo"]
    assert found("/") == found("_") == found("b%f") == []
