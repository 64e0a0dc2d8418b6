"""Species and breeds through the door."""

from conftest import Caller
from herd.stock import made, new_animal, new_breed, new_species, wrong


def test_a_breed_is_one_of_its_species(instructor: Caller) -> None:
    gyr = new_breed(instructor)
    assert gyr["species_id"] == new_species(instructor)["id"]
    again = instructor.post("/breeds", json={"name": "Gyr", "species_id": gyr["species_id"]})
    assert again.status_code == 409
    assert again.json["error"]["details"]["conflict"]["field"] == "name"
    sheep = new_species(instructor, "Ovino")
    other = made(instructor.post("/breeds", json={"name": "Gyr", "species_id": sheep["id"]}))
    assert instructor.put(f"/breeds/{other['id']}", json={"species_id": gyr["species_id"]}).status_code == 409
    assert [row["id"] for row in made(instructor.get(f"/breeds?species_id={sheep['id']}"), 200)] == [
        other["id"]
    ]
    assert [row["id"] for row in made(instructor.get(f"/breeds/by-species/{sheep['id']}"), 200)] == [
        other["id"]
    ]
    assert instructor.get("/breeds/by-species/999").status_code == 404


def test_a_breed_is_of_a_species_that_exists(instructor: Caller) -> None:
    assert set(wrong(instructor.post("/breeds", json={"name": "Gyr", "species_id": 999}))) == {"species_id"}
    breed = new_breed(instructor)
    assert set(wrong(instructor.put(f"/breeds/{breed['id']}", json={"species_id": 999}))) == {"species_id"}


def test_a_list_names_the_species(apprentice: Caller, admin: Caller) -> None:
    new_breed(admin)
    new_breed(admin, "Corriedale", "Ovino")
    rows = made(apprentice.get("/breeds?sort_by=name"), 200)
    assert [(row["name"], row["species_name"]) for row in rows] == [
        ("Corriedale", "Ovino"),
        ("Gyr", "Bovino"),
    ]
    assert apprentice.post("/species", json={"name": "Caprino"}).status_code == 403


def test_what_is_used_is_not_deleted(admin: Caller) -> None:
    animal = new_animal(admin)
    for path in (f"/breeds/{animal['breeds_id']}", f"/species/{new_species(admin)['id']}"):
        assert admin.delete(path).status_code == 409
    assert admin.delete(f"/animals/{animal['id']}").status_code == 200
    assert admin.delete(f"/breeds/{animal['breeds_id']}").status_code == 200
