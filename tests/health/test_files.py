"""What is exported comes in again unchanged: names instead of ids, the land's records as well as those of health."""

import io

import pytest
from conftest import Caller
from flask import Flask
from health.test_work import named, own_id
from land.farm import data, day, herd, paddock


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_list_comes_in_again(app: Flask, admin: Caller, kind: str) -> None:
    [cow], loma, me = herd(app), paddock(app, capacity=30), own_id(admin)

    def post(path: str, **body: object) -> int:
        return int(data(admin.post(path, json=body), 201)["id"])

    route, disease = named(admin, "/route-administrations", "Oral"), named(admin, "/diseases")
    medication = named(admin, "/medications", "Sal", route_administration_id=route, availability=False)
    vaccine = named(admin, "/vaccines", "Viva", type="Adn", national_plan=True, target_disease_id=disease)
    grass = post("/food_types", food_type="Pasto; 'alto'", area=12.5)
    post("/fields", name="Vega", capacity="4", area="12.5", food_type_id=grass, state="Dañado")
    post(
        "/animal-fields", animal_id=cow, field_id=loma, assignment_date=str(day(9)), removal_date=str(day(4))
    )
    post("/animal-fields", animal_id=cow, field_id=loma, assignment_date=str(day(4)))
    treatment = post("/treatments", animal_id=cow, treatment_date=str(day(5)), description="Baño", cost=12.5)
    post("/treatment-medications", treatment_id=treatment, medication_id=medication)
    post("/treatment-vaccines", treatment_id=treatment, vaccine_id=vaccine, dose="2")
    given = {"animal_id": cow, "instructor_id": me}
    post("/vaccinations", **given, vaccine_id=vaccine, vaccination_date=str(day(9)), apprentice_id=me)
    post("/animal-diseases", **given, disease_id=disease, diagnosis_date=str(day(9)), status="Crónico")
    for slug in (
        *("food_types", "fields", "animal-fields", "diseases", "animal-diseases", "route-administrations"),
        *("medications", "vaccines", "vaccinations", "treatments"),
        *("treatment-medications", "treatment-vaccines"),
    ):
        exported = admin.get(f"/{slug}?export={kind}")
        form = {"file": (io.BytesIO(exported.get_data()), f"{slug}.{kind}")}
        answer = admin.post(f"/{slug}/import", data=form, content_type="multipart/form-data")
        counts = data(answer)["counts"]
        assert counts["unchanged"] > 0, slug
        assert sum(counts.values()) == counts["unchanged"], (slug, counts)
