"""Batches on both databases: identity, redelivery, collisions, limits and availability."""

import json
from collections import Counter
from collections.abc import Callable

import pytest
from sensors.batches import NOW, delivered, message, status, writer_of
from sensors.farmyard import Farmyard

from app.core.extensions import db
from app.core.transaction import transaction

Lay = Callable[..., Farmyard]


@pytest.fixture
def farm(lay: Lay, database_url: str | None) -> Farmyard:
    return lay(database_url)


def test_a_message_becomes_device_channels_readings_and_raw_copy(farm: Farmyard) -> None:
    body = {"presion": 1006.5, "Calidad": "55.5", "corriente": 3}
    stored = writer_of(farm).store([message("Nodo-1", at=NOW, body=body)])
    assert stored.results == Counter(stored=1)
    channels = farm.rows(
        "SELECT channels.key, quantity, kind, unit, min_value, max_value FROM channels ORDER BY 1"
    )
    assert channels == [
        ("Calidad", "methane", "gauge", "%", 0.0, 100.0),
        ("corriente", "corriente", "gauge", "", None, None),
        ("presion", "pressure", "gauge", "hPa", 300.0, 2000.0),
    ]
    assert farm.readings() == [(NOW, 3.0), (NOW, 55.5), (NOW, 1006.5)]
    [(code, online, seen)] = farm.rows("SELECT code, online, last_seen_ms FROM devices")
    assert (code, bool(online), seen) == ("Nodo-1", True, NOW)
    [(topic, payload)] = farm.rows("SELECT topic, payload FROM messages")
    assert (topic, json.loads(payload)["corriente"]) == ("finca/Nodo-1/telemetry", 3)
    assert stored.availability == [(1, "Nodo-1", True)]
    [(device, newest)] = stored.newest()
    assert device.code == "Nodo-1"
    assert {(channel.key, ts_ms, value) for channel, ts_ms, value in newest} == {
        ("presion", NOW, 1006.5),
        ("Calidad", NOW, 55.5),
        ("corriente", NOW, 3.0),
    }


def test_the_same_identity_again_changes_nothing(farm: Farmyard) -> None:
    writer = writer_of(farm)
    first = [message(at=NOW + n, body={"a": n}) for n in range(5)]
    writer.store(first)
    before = farm.rows("SELECT * FROM readings"), farm.rows("SELECT * FROM messages")
    again = writer.store([*first[2:], message(at=NOW + 9, body={"a": 9}), first[0], first[0]])
    assert again.results == Counter(stored=1, duplicate=5)
    assert [(ts_ms, value) for _, ts_ms, value in next(again.by_device())[1]] == [(NOW + 9, 9.0)]
    assert farm.readings() == [*((NOW + n, float(n)) for n in range(5)), (NOW + 9, 9.0)]
    assert set(before[0]) < set(farm.rows("SELECT * FROM readings"))
    assert farm.messages() == 6


def test_identical_payloads_without_instant_are_all_kept(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([delivered(mid) for mid in (1, 2, 3)])
    writer.store([delivered(4), message(), message()])
    assert [value for _, value in farm.readings()] == [1.0] * 6
    assert len({ts_ms for ts_ms, _ in farm.readings()}) == farm.messages() == 6


@pytest.mark.parametrize("restarted", [False, True])
def test_a_redelivery_without_instant_is_recognised(farm: Farmyard, restarted: bool) -> None:
    writer = writer_of(farm)
    writer.store([delivered(1), delivered(2)])
    writer = writer_of(farm) if restarted else writer
    assert writer.store([delivered(2, dup=True)]).results == Counter(duplicate=1)
    assert writer.store([delivered(2)]).results == Counter(stored=1), "not marked DUP: another message"
    assert writer.store([delivered(3), delivered(3, dup=True)]).results == Counter(stored=1, duplicate=1)
    other = delivered(1, dup=True, body={"a": 2.0})
    assert writer.store([other]).results == Counter(stored=1), "another digest: the number was used again"


def test_an_old_receipt_proves_nothing(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([delivered(7)])
    with farm.app.app_context(), transaction() as session:
        session.execute(db.text("UPDATE deliveries SET seq = seq + 40000 WHERE mid = 0"))
    assert writer_of(farm).store([delivered(7, dup=True)]).results == Counter(stored=1)


def test_a_new_session_forgets_the_receipts_of_the_old(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([delivered(7, session=1)])
    assert writer.store([delivered(7, dup=True, session=1)]).results == Counter(duplicate=1)
    assert writer.store([delivered(7, dup=True, session=2)]).results == Counter(stored=1)


def test_different_messages_of_one_instant_are_both_kept(farm: Farmyard) -> None:
    writer = writer_of(farm)
    one, two, three, four = (message(at=NOW, body={"a": n, "b": n}) for n in range(4))
    writer.store([one, two])
    writer.store([three])
    writer.store([two, four, message(at=NOW, body={"c": 5.0})])
    assert farm.readings(key="a") == [(NOW + n, float(n)) for n in range(4)]
    assert farm.readings(key="b") == farm.readings(key="a")
    assert farm.readings(key="c") == [(NOW, 5.0)], "another channel: nothing in its way"


def test_a_moved_sample_gives_way_to_what_is_stored_after_it(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([message(at=NOW + n, body={"a": n}) for n in range(3)])
    writer.store([message(at=NOW, body={"a": 10}), message(at=NOW + 3, body={"a": 3})])
    assert farm.readings() == [(NOW, 0.0), (NOW + 1, 1.0), (NOW + 2, 2.0), (NOW + 3, 3.0), (NOW + 4, 10.0)]


def test_a_crowd_at_one_instant_is_refused_in_the_end(
    farm: Farmyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sensors.placement.MOST_STEPS", 5)
    stored = writer_of(farm).store([message(at=NOW, body={"a": n}) for n in range(8)])
    assert len(farm.readings()) == 5
    assert stored.refusals == Counter(crowded_instant=3) == Counter(farm.refused())


def test_what_a_repeated_attempt_created_is_created_anew(farm: Farmyard) -> None:
    """A known message makes the batch start again, after devices were made for the others."""
    writer = writer_of(farm)
    writer.store([message("n1", at=NOW)])
    batch = [message(f"n{n}", at=NOW + n, body={f"k{n}": n}) for n in range(2, 6)]
    assert writer.store([*batch, message("n1", at=NOW)]).results == Counter(stored=4, duplicate=1)
    for n in range(2, 6):
        assert farm.readings(f"n{n}", f"k{n}") == [(NOW + n, float(n))]


def test_a_device_removed_meanwhile_is_made_again(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([message(at=NOW)])
    with farm.app.app_context(), transaction() as session:
        for table in ("readings", "messages", "channels", "devices"):
            session.execute(db.text(f"DELETE FROM {table}"))
    assert writer.store([message(at=NOW + 1), message(at=NOW)]).results == Counter(stored=2)
    assert farm.readings() == [(NOW, 1.0), (NOW + 1, 1.0)]


def test_two_processes_with_one_device(farm: Farmyard) -> None:
    one, two = writer_of(farm, mqtt_client_id="one"), writer_of(farm, mqtt_client_id="two")
    one.store([delivered(1)])
    two.store([delivered(1), message(at=NOW, body={"b": 2})])
    one.store([delivered(2, body={"b": 3})])
    assert len(farm.readings(key="a")) == 2
    assert len(farm.readings(key="b")) == 2
    assert farm.one("SELECT COUNT(*) FROM devices") == 1
    assert farm.one("SELECT COUNT(*) FROM channels") == 2


def test_spellings_of_a_key_and_a_code_are_one_channel_and_one_device(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([message("Nodo", at=NOW, body={"Presión": 1000})])
    writer_of(farm).store([message("nodo", at=NOW + 1, body={"presion": 1001})])
    writer.store([message("NODO", at=NOW + 2, body={"PRESION": 1002, "presion": 1003})])
    assert [value for _, value in farm.readings("Nodo", "Presi_n")] == [1000, 1001, 1002]
    assert farm.refused() == {"duplicate_key": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"humedad": 101}, "out_of_range"),
        ({"humedad": -1}, "negative"),
        ({"presion": 299.9}, "out_of_range"),
        ({"gas_total_m3": -0.001}, "negative"),
    ],
)
def test_values_a_channel_cannot_have(farm: Farmyard, body: dict[str, float], reason: str) -> None:
    stored = writer_of(farm).store([message(at=NOW, body={**body, "a": 1})])
    assert stored.refusals == Counter({reason: 1})
    assert farm.readings() == [(NOW, 1.0)]
    [kept] = farm.rows("SELECT reason, rejects.key, topic FROM rejects")
    assert kept == (reason, next(iter(body)), "finca/n1/telemetry")


def test_only_the_last_rejects_are_kept_and_all_are_counted(farm: Farmyard) -> None:
    writer = writer_of(farm, rejects_kept=10)
    for _ in range(3):
        writer.store([message(body=f"\x00bad\ud800 {n}".encode("utf-8", "surrogatepass")) for n in range(7)])
    assert farm.one("SELECT COUNT(*) FROM rejects") == 10
    assert farm.refused() == {"not_utf8": 21}
    assert farm.rows("SELECT excerpt FROM rejects ORDER BY id DESC")[0] == ("\ufffdbad\ufffd\ufffd\ufffd 6",)


def test_limits_of_devices_and_channels(farm: Farmyard) -> None:
    writer = writer_of(farm, sensors_max_devices=1, sensors_max_channels=2)
    stored = writer.store(
        [message(body={"a": 1}), message("n2"), message(body={"b": 1}), message(body={"c": 1})]
    )
    assert stored.refusals == Counter(too_many_devices=1, too_many_channels=1)
    assert [value for _, value in farm.readings()] == [1.0, 1.0]


def test_retained_telemetry_is_not_news(farm: Farmyard) -> None:
    assert writer_of(farm).store([message(retain=True)]).results == Counter(retained=1)
    assert farm.one("SELECT COUNT(*) FROM devices") == 0


def test_status_messages_set_availability_and_make_no_device(farm: Farmyard) -> None:
    writer = writer_of(farm)
    assert writer.store([status(b"online"), status(b"offline", retain=True)]).availability == []
    assert farm.one("SELECT COUNT(*) FROM devices") == 0
    assert writer.store([message()]).availability == [(1, "n1", True)]
    assert writer.store([status(b"offline")]).availability == [(1, "n1", False)]
    assert writer.store([status(b'{"online": true}', retain=True)]).availability == [(1, "n1", True)]
    late = {"received_ms": NOW + 3_600_000}
    assert writer.store([status(b"offline", **late)]).availability == [(1, "n1", False)]
    assert writer.store([status(b"online", retain=True, **late)]).availability == [], "said long ago"
    assert writer.store([status(b"quizas")]).refusals == Counter(bad_status=1)


def test_large_batches_are_stored_whole(farm: Farmyard) -> None:
    """Twenty lists of sixty kilobytes: more than one statement may hold, with bytes that need care."""
    note = "comillas ' y \\ barras %s ñ"
    items = [{"a": n % 100, "b": 1, "device": note} for n in range(700)]
    batch = [message(f"n{n}", body=json.dumps(items).encode()) for n in range(20)]
    batch += [message("raw", body=b'{"a": 1, "id": "\x27\\u0000%"}')]
    assert writer_of(farm).store(batch).results == Counter(stored=21)
    assert len(farm.readings()) == 20 * 700 * 2 + 1
    kept = {bytes(payload) for (payload,) in farm.rows("SELECT payload FROM messages")}
    assert kept == {arrival.payload for arrival in batch}
