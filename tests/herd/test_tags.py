"""Tags through the door: how they are written, that one is on one animal, and the way from a tag to its animal."""

import datetime as dt
import io
import threading
from typing import Any

import pytest
from conftest import Caller
from flask import Flask
from herd.stock import body, days_ago, family, made, new_animal, new_breed, today, wrong

CHIP = "170012345678901"


def place(caller: Caller, animal: Any, kind: str = "electronic", code: str = CHIP, **values: Any) -> Any:
    return caller.post(f"/animals/{animal['id']}/tags", json={"kind": kind, "code": code, **values})


def take_off(caller: Caller, tag: Any, **values: Any) -> Any:
    return made(caller.put(f"/animals/tags/{tag['id']}", json=values), 200)


def lookup(caller: Caller, tag: str) -> Any:
    return caller.get("/animals/lookup", query_string={"tag": tag})


def test_a_tag_is_kept_in_its_normal_form(instructor: Caller, apprentice: Caller) -> None:
    animal = new_animal(instructor)
    tag = made(place(instructor, animal, code="170 012-345.678901"))
    expected = {
        "animal_record": animal["record"],
        "code": CHIP,
        "issuer": 170,
        "issuer_kind": "country",
        "placed_on": str(today()),
        "removed_on": None,
        "active": True,
    }
    assert expected.items() <= tag.items()
    official = made(place(instructor, animal, "official", " co  123 ", placed_on=days_ago(3)))
    assert (official["code"], official["issuer"], official["placed_on"]) == ("CO 123", None, days_ago(3))
    listed = made(apprentice.get(f"/animals/{animal['id']}/tags?sort_by=id"), 200)
    assert listed == [tag, official]
    assert made(apprentice.get("/animal-tags?kind=official"), 200) == [official]
    assert apprentice.get("/animals/999/tags").status_code == 404
    assert place(apprentice, animal, "visual", "9").status_code == 403


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("code", {"code": "17001234567890"}),
        ("code", {"code": "17001234567890X"}),
        ("code", {"code": "170999999999999"}),
        ("code", {"code": "00002A82DFDC1C35"}),
        ("code", {"kind": "visual", "code": "   "}),
        ("kind", {"kind": "tatuaje"}),
        ("placed_on", {"placed_on": "tomorrow"}),
        ("placed_on", {"placed_on": days_ago(1101)}),
    ],
)
def test_what_is_no_tag(admin: Caller, field: str, values: dict[str, Any]) -> None:
    if values.get("placed_on") == "tomorrow":
        values = {"placed_on": str(today() + dt.timedelta(days=1))}
    assert set(wrong(place(admin, new_animal(admin), **values))) == {field}


def test_official_tags_may_have_a_pattern(app: Flask, admin: Caller) -> None:
    settings = app.config["SETTINGS"]
    settings.official_tag_pattern = "CO[0-9]{4}"
    try:
        animal = new_animal(admin)
        assert set(wrong(place(admin, animal, "official", "CO12"))) == {"code"}
        assert made(place(admin, animal, "official", "co1234"))["code"] == "CO1234"
        assert made(place(admin, animal, "visual", "co12"))["code"] == "CO12"
    finally:
        settings.official_tag_pattern = None


def test_a_tag_is_on_one_animal_at_a_time(admin: Caller) -> None:
    one, other = new_animal(admin), new_animal(admin)
    tag = made(place(admin, one))
    refused = place(admin, other, code="170 012345678901")
    assert refused.status_code == 409
    assert one["record"] in refused.json["message"]
    assert place(admin, one).status_code == 409
    gone = take_off(admin, tag, removed_on=days_ago(0), removal_reason="Se cayó")
    assert (gone["active"], gone["removed_on"], gone["removal_reason"]) == (False, str(today()), "Se cayó")
    made(place(admin, other))
    again = admin.put(f"/animal-tags/{tag['id']}", json={"removed_on": None, "removal_reason": None})
    assert again.status_code == 409


def test_a_tag_is_corrected_and_put_on_again(admin: Caller) -> None:
    tag = made(place(admin, new_animal(admin), "visual", "47", placed_on=days_ago(9)))
    path = f"/animal-tags/{tag['id']}"
    assert made(admin.put(path, json={"code": "74"}), 200)["code"] == "74"
    assert set(wrong(admin.put(path, json={"removed_on": days_ago(10)}))) == {"removed_on"}
    assert set(wrong(admin.put(path, json={"kind": "electronic"}))) == {"code"}
    assert take_off(admin, tag)["removed_on"] == str(today())
    for asked, count in (("true", 0), ("false", 1)):
        found = admin.get(f"/animal-tags?active={asked}&sort=active").json["meta"]["pagination"]
        assert found["total_items"] == count
    assert take_off(admin, tag, date=days_ago(2), reason="Robo")["removed_on"] == days_ago(2)
    assert made(admin.put(path, json={"removed_on": None, "removal_reason": None}), 200)["active"] is True
    made(admin.delete(path), 200)


def test_any_spelling_finds_the_animal(apprentice: Caller, admin: Caller) -> None:
    animal = new_animal(admin, record="Vaca-7")
    made(place(admin, animal))
    made(place(admin, animal, "official", "CO 12"))
    made(place(admin, animal, "visual", "a 7"))
    for text, kind in [
        ("Vaca-7", "record"),
        (CHIP, "electronic"),
        ("170 012 345 678 901", "electronic"),
        ("170.012345678901", "electronic"),
        ("80002A82DFDC1C35", "electronic"),
        ("80002a82dfdc1c35", "electronic"),
        ("co  12", "official"),
        ("A 7", "visual"),
    ]:
        found = made(lookup(apprentice, text), 200)
        assert (found["animal"]["id"], found["kind"], found["historic"]) == (animal["id"], kind, False), text
    for text in ("982000123456789", "Vaca-8", "%", "A_7"):
        assert lookup(apprentice, text).status_code == 404
    assert set(wrong(lookup(apprentice, " "))) == {"tag"}


def test_who_wears_it_goes_before_who_wore_it(admin: Caller) -> None:
    old, new = new_animal(admin), new_animal(admin)
    tag = made(place(admin, old, placed_on=days_ago(9)))
    take_off(admin, tag, removed_on=days_ago(5))
    found = made(lookup(admin, CHIP), 200)
    assert (found["animal"]["id"], found["historic"], found["removed_on"]) == (old["id"], True, days_ago(5))
    second = made(place(admin, new))
    assert made(lookup(admin, CHIP), 200)["animal"]["id"] == new["id"]
    take_off(admin, second)
    assert lookup(admin, CHIP).json["error"]["code"] == "AMBIGUOUS_TAG"


def test_what_is_ambiguous_is_an_error(admin: Caller) -> None:
    by_record, by_tag = new_animal(admin, record="47"), new_animal(admin)
    made(place(admin, by_tag, "visual", "47"))
    made(place(admin, by_record, "visual", "48"))
    answer = lookup(admin, "47")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "AMBIGUOUS_TAG")
    named = {one["id"] for one in answer.json["error"]["details"]["animals"]}
    assert named == {by_record["id"], by_tag["id"]}
    # Its record and its tag may be the same: that is one animal.
    made(place(admin, by_record, "visual", "47x"))
    assert made(lookup(admin, "48"), 200)["animal"]["id"] == by_record["id"]


def together(app: Flask, caller: Caller, requests: list[tuple[str, Any]]) -> list[int]:
    """The statuses of POSTs sent at once."""
    start, answers = threading.Barrier(len(requests)), []

    def post(path: str, sent: Any) -> None:
        own = Caller(app.test_client(), caller.token)
        start.wait()
        answers.append(own.post(path, json=sent).status_code)

    threads = [threading.Thread(target=post, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


def test_of_many_at_once_one_gets_the_tag_and_one_the_record(app: Flask, admin: Caller) -> None:
    animals = [new_animal(admin) for _ in range(4)]
    tag = {"kind": "electronic", "code": CHIP}
    assert together(app, admin, [(f"/animals/{one['id']}/tags", tag) for one in animals]) == [
        201,
        409,
        409,
        409,
    ]
    assert len(made(admin.get(f"/animal-tags?code={CHIP}"), 200)) == 1
    twin = body(admin, record="GEMELO")
    assert together(app, admin, [("/animals", twin)] * 4) == [201, 409, 409, 409]


def bring_in(caller: Caller, path: str, sheet: bytes) -> Any:
    """The counts of an import that is stored."""
    sent = {"file": (io.BytesIO(sheet), "hoja.csv")}
    data = made(
        caller.post(f"{path}/import?dry_run=false", data=sent, content_type="multipart/form-data"), 200
    )
    assert data["stored"], data
    return data["counts"]


def test_animals_and_tags_come_in_as_they_went_out(admin: Caller) -> None:
    bull, _, calf = family(admin)
    made(admin.put(f"/animals/{bull['id']}", json={"status": "Muerto", "status_reason": "Rayo"}), 200)
    made(place(admin, calf))
    old = made(place(admin, calf, "visual", "a 7"))
    take_off(admin, old, removal_reason="Perdida")
    for path, rows in (("/animals", 3), ("/animal-tags", 2)):
        sheet = admin.get(f"{path}?export=csv").data
        assert {"new": 0, "changed": 0, "unchanged": rows}.items() <= bring_in(admin, path, sheet).items()
    spelled = f"animal,kind,code,notes\n{calf['record']},electronic,170 012 345678901,Izquierda\n".encode()
    assert bring_in(admin, "/animal-tags", spelled)["changed"] == 1
    assert made(lookup(admin, CHIP), 200)["animal"]["id"] == calf["id"]


def test_an_import_of_animals_keeps_their_history(admin: Caller) -> None:
    new_breed(admin)
    sheet = (
        "record,sex,birth_date,weight,breed,father,mother,status,status_date,status_reason\n"
        f"TERNERO,Macho,{days_ago(100)},90,Gyr,TORO,VACA,Vivo,,\n"
        f"TORO,Macho,{days_ago(2000)},600,Gyr,,,Muerto,{days_ago(50)},Rayo\n"
        f"VACA,Hembra,{days_ago(2000)},400,Gyr,,,,,\n"
    ).encode()
    assert bring_in(admin, "/animals", sheet)["new"] == 3
    calf, bull = (made(admin.get(f"/animals?record={name}"), 200)[0] for name in ("TERNERO", "TORO"))
    assert calf["idFather"] == bull["id"]
    [entry] = made(admin.get(f"/animals/{bull['id']}/statuses"), 200)
    assert (entry["status"], entry["date"], entry["reason"]) == ("Muerto", days_ago(50), "Rayo")
    assert bring_in(admin, "/animals", sheet)["unchanged"] == 3
