"""Batches on both databases: identity, redelivery, collisions, quarantine, poison and commits in doubt."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pymysql
import pytest
from sensors.farmyard import Farmyard
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.core import times
from app.core.extensions import db
from app.core.transaction import after_commit, transaction
from app.sensors import persisting
from app.sensors.arrivals import Arrival
from app.sensors.models import Device
from app.sensors.replay import replay
from app.sensors.stored import Stored
from app.sensors.watchers import nobody
from app.sensors.writer import Stopped, Writer

NOW = times.now_ms()
Lay = Callable[..., Farmyard]
Store = Callable[..., Stored]


def message(device: str = "n1", *, at: float | None = None, **more: Any) -> Arrival:
    """A message of one value unless told otherwise; `at` is its own instant in ms."""
    body = more.pop("body", None) or {"a": 1.0}
    body = {**body, "timestamp": at} if at is not None else body
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Arrival(f"finca/{device}/telemetry", payload, more.pop("received_ms", NOW), **more)


def delivered(mid: int, **more: Any) -> Arrival:
    """A QoS 1 delivery without an instant of its own."""
    return message(mid=mid, qos=1, **more)


@pytest.fixture
def farm(lay: Lay, database_url: str | None) -> Farmyard:
    return lay(database_url)


def writer_of(farm: Farmyard, new_device: Callable[[Device], None] = nobody, **changes: Any) -> Writer:
    settings = farm.settings.model_copy(update=changes)
    return Writer(farm.app, settings, new_device, threading.Event())


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


def status(word: bytes, device: str = "n1", **more: Any) -> Arrival:
    return Arrival(f"finca/{device}/status", word, more.pop("received_ms", NOW), **more)


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


def test_quarantine_keeps_messages_until_approval(farm: Farmyard) -> None:
    writer = writer_of(farm, sensors_auto_register=False)
    batch = [
        message(at=NOW, body={"a": 1}),
        message(at=NOW, body={"a": 2}),
        message(at=NOW, body={"a": 1, "b": 7}),
    ]
    listed = json.dumps([{"a": 5}, {"a": 6, "humedad": 300}]).encode()
    stored = writer.store([*batch, delivered(1, body=listed, received_ms=NOW + 50)])
    assert stored.results == Counter(pending=4)
    assert (farm.readings(), farm.messages(), farm.refused()) == ([], 4, {"device_pending": 4})
    with farm.app.app_context(), transaction() as session:
        device = session.query(Device).one()
        device.status = "active"
        assert replay(device) == 6
        assert replay(device) == 0
    assert sorted(value for _, value in farm.readings(key="a")) == [1, 1, 2, 5, 6]
    assert farm.readings(key="b") == [(NOW, 7.0)]
    assert farm.one("SELECT COUNT(*) FROM dirty_buckets") > 0
    writer.store([message(at=NOW + 60, body={"a": 9})])
    with farm.app.app_context(), transaction() as session:
        assert replay(session.query(Device).one()) == 0, "what ingest stored is not stored again"


def test_a_disabled_device_stores_nothing(farm: Farmyard) -> None:
    writer = writer_of(farm)
    writer.store([message(at=NOW)])
    with farm.app.app_context(), transaction() as session:
        session.query(Device).one().status = "disabled"
    writer.forget_devices()
    assert writer.store([message(at=NOW + 1)]).results == Counter(disabled=1)
    assert (len(farm.readings()), farm.messages()) == (1, 1)


def test_a_new_device_is_told_within_the_transaction(farm: Farmyard) -> None:
    told: list[str] = []

    def rename(device: Device) -> None:
        told.append(device.code)
        device.place = "Galpón"

    writer_of(farm, rename).store([message("n1"), message("n1"), message("n2")])
    assert told == ["n1", "n2"]
    assert farm.rows("SELECT DISTINCT place FROM devices") == [("Galpón",)]


def test_the_message_at_fault_is_set_aside_and_the_rest_is_stored(farm: Farmyard) -> None:
    def choke(device: Device) -> None:
        if device.code == "malo":
            raise ValueError("no digester likes it")

    batch = [message("malo" if n == 17 else "n1", at=NOW + n, body={"a": n}) for n in range(40)]
    stored = writer_of(farm, choke).store(batch)
    assert stored.results == Counter(stored=39, refused=1)
    assert sorted(value for _, value in farm.readings()) == [n for n in range(40) if n != 17]
    assert farm.rows("SELECT reason, topic FROM rejects") == [("storage_error", "finca/malo/telemetry")]
    assert farm.one("SELECT COUNT(*) FROM devices") == 1


def lost_connection() -> OperationalError:
    return OperationalError(
        "COMMIT", None, pymysql.err.OperationalError(2013, "Lost connection during query")
    )


@pytest.mark.parametrize("committed", [True, False], ids=["commit held", "commit lost"])
def test_a_commit_in_doubt_is_looked_up(
    farm: Farmyard, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = writer_of(farm)
    writer.store([delivered(1)])
    with farm.app.app_context():
        dialect = db.engine.dialect
        engine = db.engine
    commit, failures = dialect.do_commit, iter([True])

    def break_once(connection: Any) -> None:
        if not next(failures, False):
            commit(connection)
            return
        if committed:
            commit(connection)
        else:
            dialect.do_rollback(connection)
        raise lost_connection()

    monkeypatch.setattr(dialect, "do_commit", break_once)
    stored = writer.store([delivered(2), delivered(3), message()])
    engine.dispose()
    assert stored.results == Counter(stored=3)
    assert len(farm.readings()) == farm.messages() == 4
    assert writer.store([delivered(2, dup=True), delivered(4)]).results == Counter(duplicate=1, stored=1)


def test_a_failing_call_after_the_commit_is_not_a_failed_commit(farm: Farmyard) -> None:
    def listen(_device: Device) -> None:
        after_commit(lambda: 1 / 0)

    assert writer_of(farm, listen).store([delivered(1)]).results == Counter(stored=1)
    assert farm.messages() == 1


def test_the_batch_waits_while_the_database_is_away(farm: Farmyard, monkeypatch: pytest.MonkeyPatch) -> None:
    write, failures = persisting.write, iter([True, True])

    def fail_twice(*given: Any, **more: Any) -> None:
        write(*given, **more)
        if next(failures, False):
            raise lost_connection()

    monkeypatch.setattr(persisting, "write", fail_twice)
    assert writer_of(farm).store([delivered(1), delivered(2)]).results == Counter(stored=2)
    assert len(farm.readings()) == farm.messages() == 2


def test_a_waiting_batch_is_given_up_when_the_process_ends(farm: Farmyard) -> None:
    stopping = threading.Event()
    stopping.set()
    writer = Writer(farm.app, farm.settings, nobody, stopping)
    with farm.app.app_context(), db.engine.begin() as connection:
        db.metadata.tables["readings"].drop(connection)
    with pytest.raises(Stopped):
        writer.store([delivered(1)])
    assert farm.messages() == 0


def test_a_constant_number_of_statements_however_many_messages(farm: Farmyard) -> None:
    writer = writer_of(farm)
    body = dict.fromkeys(("temperatura", "humedad", "calidad"), 50.0)
    writer.store([message(f"n{n % 10}", at=NOW + n, body=body) for n in range(20)])
    statements: list[str] = []
    with farm.app.app_context():
        engine = db.engine

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    writer.store([message(f"n{n % 10}", at=NOW + 100 + n, body=body) for n in range(300)])
    event.remove(engine, "before_cursor_execute", count)
    assert len(farm.readings()) == 960
    assert len(statements) <= 6
