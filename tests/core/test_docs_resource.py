"""The documentation for programs: it is what the models are, and its examples are accepted by the shapes."""

from biogas.plant import made
from conftest import Caller

from app.core.plain import PLAIN


def test_every_resource_is_described(apprentice: Caller) -> None:
    data = made(apprentice.get("/docs/schema"), 200)
    assert {"animals", "users", "treatment-vaccines"} <= data["models"].keys()
    fields = data["models"]["animals"]["fields"]
    assert fields["breeds_id"] == {"type": "integer", "required": True, "enum": None, "references": "breeds"}
    assert fields["idFather"]["references"] == "animals"
    assert fields["birth_date"]["type"] == "date"
    assert data["enums"]["animals.sex"] == ["Hembra", "Macho"]


def test_the_examples_have_all_that_is_needed(apprentice: Caller) -> None:
    examples = made(apprentice.get("/docs/examples"), 200)
    for plain in PLAIN.values():
        needed = {info.serialization_alias or info.alias or name
                  for name, info in plain.into.model_fields.items() if info.is_required()}  # fmt: skip
        assert examples[plain.slug]["body"].keys() == needed


def test_the_page_is_where_earlier_clients_look(nobody: Caller) -> None:
    answer = nobody.get("/docs/")
    assert (answer.status_code, answer.location) == (302, "/api/v1/")
    assert nobody.get("/docs/schema").status_code == 401
