"""Conditional reads: an answer that still holds is not sent again, and one that does not is."""

from pathlib import Path
from typing import Any

import pytest
import servers
from biogas.plant import made, new_device, new_digester, new_filling
from conftest import Caller, migrate, person, settings_for
from flask import Flask
from queries import queries

from app import create_app
from app.core import cache as stamps
from app.core.bodies import Shelf
from app.core.extensions import db
from app.core.transaction import transaction
from app.sensors.models import Device
from app.users.permissions import Role

DIGESTERS = "/biogas/digesters"


def another(app: Flask, role: Role) -> Caller:
    """A second person of a role."""
    return person(app, role, identification=777, email="otra@finca.test", fullname="Otra")


def etag(caller: Caller, path: str) -> str:
    answer = caller.get(path)
    assert answer.status_code == 200
    return str(answer.headers["ETag"])


def asked_again(caller: Caller, path: str, tag: str) -> Any:
    return caller.get(path, headers={"If-None-Match": tag})


@pytest.mark.parametrize("path", [DIGESTERS, "/biogas/digesters/{id}", "/sensors/latest", "/sensors"])
def test_what_has_not_changed_is_not_sent_again(app: Flask, admin: Caller, path: str) -> None:
    path = path.format(id=new_digester(admin)["id"])
    first = admin.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= {part.strip() for part in first.headers["Vary"].split(",")}
    with queries(app) as seen:
        again = asked_again(admin, path, first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert seen == []


def test_one_of_several_tags_is_enough_and_a_strange_one_is_not(admin: Caller) -> None:
    tag = etag(admin, DIGESTERS)
    assert asked_again(admin, DIGESTERS, f'"otro", {tag}').status_code == 304
    assert asked_again(admin, DIGESTERS, '"otro"').status_code == 200
    assert asked_again(admin, DIGESTERS, "basura").status_code == 200


def test_every_change_gives_a_new_tag(admin: Caller) -> None:
    first = new_digester(admin)
    item = f"{DIGESTERS}/{first['id']}"
    tags = [(etag(admin, DIGESTERS), etag(admin, item))]
    second = new_digester(admin, "Dos")
    tags.append((etag(admin, DIGESTERS), etag(admin, item)))
    made(admin.patch(item, json={"place": "Vega"}), 200)
    tags.append((etag(admin, DIGESTERS), etag(admin, item)))
    made(admin.delete(f"{DIGESTERS}/{second['id']}"), 200)
    tags.append((etag(admin, DIGESTERS), etag(admin, item)))
    assert len({tag for pair in tags for tag in pair}) == 8
    assert asked_again(admin, item, tags[1][1]).json["data"]["place"] == "Vega"
    assert len(asked_again(admin, DIGESTERS, tags[2][0]).json["data"]) == 1


def test_a_change_that_fails_leaves_the_tag(admin: Caller) -> None:
    new_digester(admin)
    tag = etag(admin, DIGESTERS)
    assert admin.post(DIGESTERS, json={"name": "Uno", "volume_m3": 1}).status_code == 409
    assert admin.post(DIGESTERS, json={"name": "Dos", "volume_m3": -1}).status_code == 422
    assert asked_again(admin, DIGESTERS, tag).status_code == 304


def test_what_is_shown_of_another_table_counts_too(admin: Caller) -> None:
    device = new_device(admin)
    tag = etag(admin, "/sensors/medidor")
    made(admin.patch("/sensors/medidor", json={"channels": [{"key": "gas_total_m3", "unit": "l"}]}), 200)
    assert device["channels"][0]["unit"] == "m3"
    assert asked_again(admin, "/sensors/medidor", tag).json["data"]["channels"][0]["unit"] == "l"


def test_the_tag_is_of_this_answer_and_this_person(app: Flask, admin: Caller) -> None:
    new_digester(admin)
    paths = ["", "?page=2", "?fields=name", "?fields=name,place", "?limit=1", "?search=Uno", "?name=Uno"]
    tags = [etag(admin, DIGESTERS + query) for query in paths]
    tags.append(etag(person(app, Role.APPRENTICE), DIGESTERS))
    assert len(set(tags)) == len(tags)
    assert asked_again(admin, f"{DIGESTERS}?fields=name", tags[0]).status_code == 200


def test_a_warm_answer_costs_no_query_and_is_one_for_all_of_a_role(app: Flask, admin: Caller) -> None:
    new_digester(admin)
    teachers = [person(app, Role.INSTRUCTOR)]
    teachers.append(another(app, Role.INSTRUCTOR))
    first = teachers[0].get(DIGESTERS)
    assert (first.headers["X-Cache-Status"], first.headers["X-Cache-Strategy"]) == ("MISS", "stamps")
    assert first.headers["X-API-Version"]
    assert first.headers["Last-Modified"].endswith("GMT")
    for caller in teachers:
        caller.get("/biogas/materials")
        with queries(app) as seen:
            again = caller.get(DIGESTERS)
        assert (again.headers["X-Cache-Status"], again.data, seen) == ("HIT", first.data, [])
        for name in (
            "ETag",
            "X-Total-Count",
            "X-Has-More",
            "Content-Type",
            "Content-Length",
            "Last-Modified",
        ):
            assert again.headers[name] == first.headers[name]
    for path in ("/users", f"{DIGESTERS}?limit=7"):
        assert teachers[0].get(path).headers["X-Cache-Status"] == "MISS"
    assert teachers[1].get("/users").headers["X-Cache-Status"] == "MISS"
    assert person(app, Role.APPRENTICE).get(DIGESTERS).headers["X-Cache-Status"] == "MISS"
    new_digester(admin, "Dos")
    assert len(teachers[1].get(DIGESTERS).json["data"]) == 2


def test_noise_changes_nothing_but_a_bust_is_answered_anew(admin: Caller) -> None:
    new_digester(admin)
    tag = etag(admin, f"{DIGESTERS}?limit=5&page=1")
    noisy = f"{DIGESTERS}?_ts=1&page=1&_t=2&treatmentId=3&limit=5"
    assert etag(admin, noisy) == tag
    assert admin.get(noisy).headers["X-Cache-Status"] == "HIT"
    busted = admin.get(f"{noisy}&cache_bust=17")
    assert (busted.headers["X-Cache-Status"], busted.headers["ETag"]) == ("BYPASS", tag)
    assert asked_again(admin, f"{noisy}&cache_bust=18", tag).headers["X-Cache-Status"] == "REVALIDATED"
    assert asked_again(admin, noisy, f"W/{tag}").status_code == 304
    for other in ("limit=6&page=1", "limit=5&page=1&x=1", "limit=5"):
        assert etag(admin, f"{DIGESTERS}?{other}") != tag


def test_ages_change_at_the_farms_midnight(app: Flask, admin: Caller) -> None:
    tag = etag(admin, DIGESTERS)
    settings = app.config["SETTINGS"]
    east, west = "Pacific/Kiritimati", "Etc/GMT+12"  # Never on the same day.
    for zone in (east, west):
        app.config["SETTINGS"] = settings.model_copy(update={"farm_timezone": zone})
        try:
            tags = {tag, etag(admin, DIGESTERS)}
        finally:
            app.config["SETTINGS"] = settings
        if len(tags) == 2:
            return
    raise AssertionError("one of the two zones has another day than the farm")


def test_what_one_host_is_told_is_not_for_another(admin: Caller) -> None:
    here = admin.get(DIGESTERS)
    there = admin.get(DIGESTERS, headers={"Host": "finca.example"})
    assert there.headers["X-Cache-Status"] == "MISS"
    assert there.headers["ETag"] != here.headers["ETag"]


def test_an_item_keeps_its_tag_and_its_row_in_one(app: Flask, admin: Caller) -> None:
    path = f"{DIGESTERS}/{new_digester(admin)['id']}"
    tags = [caller.get(path).headers["ETag"] for caller in (admin, admin)]
    assert tags[0] == tags[1]
    assert admin.head(path).headers["ETag"] == tags[0]
    with queries(app) as seen:
        again = asked_again(admin, path, tags[0])
    assert (again.status_code, again.headers["ETag"], seen) == (304, tags[0], [])
    for wrong in ('"0.' + tags[0].partition(".")[2], "*x", '""', "", ","):
        assert asked_again(admin, path, wrong).status_code == 200, wrong


def test_the_shelf_has_an_end() -> None:
    shelf = Shelf(size=100, largest=60)
    for name in "abc":
        shelf.put(name, [], b"x" * 40)
    assert [shelf.get(name) is not None for name in "abc"] == [False, True, True]
    shelf.get("b")
    shelf.put("d", [], b"x" * 40)
    assert [shelf.get(name) is not None for name in "bcd"] == [True, False, True]
    shelf.put("b", [], b"y" * 50)
    shelf.put("e", [], b"x" * 61)
    assert shelf.get("e") is None
    found = shelf.get("b")
    assert found is not None
    assert found.body == b"y" * 50


def test_a_stranger_gets_no_304(admin: Caller, nobody: Caller) -> None:
    assert asked_again(nobody, DIGESTERS, etag(admin, DIGESTERS)).status_code == 401


def test_a_filling_closed_by_its_report_has_a_new_tag(admin: Caller) -> None:
    filling = new_filling(admin, digester_id=new_digester(admin)["id"], date="2026-01-01")
    tag = etag(admin, f"/biogas/fillings/{filling['id']}")
    made(admin.post("/biogas/reports", json={"report_type": "final"}))
    assert asked_again(admin, f"/biogas/fillings/{filling['id']}", tag).json["data"]["active"] is False


def test_another_process_on_the_same_data_changes_the_tag(app: Flask, admin: Caller, profile: str) -> None:
    tag = etag(admin, "/sensors")
    other = create_app(app.config["SETTINGS"])
    with other.app_context(), transaction() as session:
        session.add(Device(code="otro", name="Otro"))
    with other.app_context():
        db.engine.dispose()
    answer = asked_again(admin, "/sensors", tag)
    assert answer.status_code == 200, profile
    assert [row["code"] for row in answer.json["data"]] == ["otro"]


@pytest.mark.services
def test_several_servers_without_redis_cache_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    uri = request.getfixturevalue("mariadb").create_database("uncached")
    app = create_app(settings_for(tmp_path, database_url=uri))
    with app.app_context():
        migrate()
        assert stamps.stamps(["devices"]) is None
    admin = person(app, Role.ADMIN)
    answer = admin.get("/sensors")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-cache")
    assert "ETag" not in answer.headers
    with app.app_context():
        db.engine.dispose()


@pytest.mark.services
def test_without_redis_every_answer_is_whole(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    uri = request.getfixturevalue("mariadb").create_database("redisless")
    with servers.Redis() as own:
        app = create_app(settings_for(tmp_path, database_url=uri, redis_url=own.url))
        with app.app_context():
            migrate()
        admin = person(app, Role.ADMIN)
        tag = etag(admin, "/sensors")
        assert asked_again(admin, "/sensors", tag).status_code == 304
        own.stop()
        answer = asked_again(admin, "/sensors", tag)
        assert (answer.status_code, answer.json["data"]) == (200, [])
        made(admin.post("/sensors", json={"code": "uno"}))
        assert [row["code"] for row in admin.get("/sensors").json["data"]] == ["uno"]
    with app.app_context():
        db.engine.dispose()
