"""Readings as people and screens ask for them: series by bucket, the latest, refusals and figures."""

import datetime as dt
from typing import Any

import pytest
from biogas.plant import HOUR_MS, MINUTE_MS, Plant, climbing, days_ago, local_ms, made, new_device, new_plant
from conftest import Caller
from flask import Flask
from queries import queries
from sqlalchemy import insert

from app.core import times
from app.core.transaction import transaction
from app.sensors.models import Message, Reject, RejectCount

START = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)
START_MS = times.to_ms(START)


@pytest.fixture
def plant(app: Flask, admin: Caller) -> Plant:
    """A device with two channels."""
    return new_plant(app, admin, channels=[{"key": "temperatura"}, {"key": "gas_total_m3"}])


def series(caller: Caller, query: str, name: str = "medidor") -> Any:
    return made(caller.get(f"/sensors/{name}/readings?{query}"), 200)


def span(minutes: float, start: dt.datetime = START) -> str:
    end = start + dt.timedelta(minutes=minutes)
    return f"from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"


def test_raw_readings_by_bucket(plant: Plant, admin: Caller) -> None:
    plant.read([(START_MS + n * MINUTE_MS, float(n)) for n in range(60)], "temperatura")
    found = series(admin, f"{span(60)}&buckets=6&channel=temperatura")
    assert len(found) == 1
    assert (found[0]["resolution"], found[0]["bucket_ms"]) == ("raw", 10 * MINUTE_MS)
    assert (found[0]["from"], found[0]["to"]) == ("2026-03-10T12:00:00.000Z", "2026-03-10T13:00:00.000Z")
    assert found[0]["channel"]["key"] == "temperatura"
    assert found[0]["points"] == [
        [START_MS + n * 10 * MINUTE_MS, 10.0 * n, 10.0 * n + 4.5, 10.0 * n + 9, 10] for n in range(6)
    ]


def test_the_end_is_not_included_and_silent_buckets_are_left_out(plant: Plant, admin: Caller) -> None:
    plant.read(
        [(START_MS, 1.0), (START_MS + 50 * MINUTE_MS, 2.0), (START_MS + 60 * MINUTE_MS, 3.0)], "temperatura"
    )
    points = series(admin, f"{span(60)}&buckets=6&channel=temperatura")[0]["points"]
    assert [(point[0], point[1]) for point in points] == [(START_MS, 1.0), (START_MS + 50 * MINUTE_MS, 2.0)]


def test_long_spans_come_from_rollups(plant: Plant, admin: Caller) -> None:
    plant.read([(START_MS + n * 5 * MINUTE_MS, float(n)) for n in range(24 * 12)])
    plant.settle()
    found = series(admin, f"{span(24 * 60)}&buckets=24&channel=gas_total_m3")[0]
    assert (found["resolution"], found["bucket_ms"]) == ("rollups", HOUR_MS)
    assert found["points"] == [
        [START_MS + n * HOUR_MS, 12.0 * n, 12.0 * n + 5.5, 12.0 * n + 11, 12] for n in range(24)
    ]


def test_rollups_and_raw_readings_agree(plant: Plant, admin: Caller) -> None:
    plant.read([(START_MS + n * 77_000, (n * 37 % 101) / 7) for n in range(200)], "temperatura")
    plant.settle()
    rolled = series(admin, f"{span(240)}&buckets=16&channel=temperatura")[0]
    assert (rolled["resolution"], rolled["bucket_ms"]) == ("rollups", 15 * MINUTE_MS)
    for start, low, mean, high, n in rolled["points"]:
        moment = dt.datetime.fromtimestamp(start / 1000, dt.UTC)
        raw = series(admin, f"{span(15, moment)}&buckets=2&channel=temperatura")[0]["points"]
        assert n == sum(point[4] for point in raw)
        assert (low, high) == (min(p[1] for p in raw), max(p[3] for p in raw))
        assert mean == pytest.approx(sum(p[2] * p[4] for p in raw) / n)


def test_every_channel_unless_one_is_named(plant: Plant, admin: Caller) -> None:
    plant.read([(START_MS, 1.0)], "temperatura")
    found = series(admin, span(60))
    assert [one["channel"]["key"] for one in found] == ["gas_total_m3", "temperatura"]
    assert [len(one["points"]) for one in found] == [0, 1]
    by_id = series(admin, f"{span(60)}&channel={plant.channel('temperatura')}")
    assert [one["channel"]["key"] for one in by_id] == ["temperatura"]
    answer = admin.get(f"/sensors/medidor/readings?{span(60)}&channel=nada")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "NOT_FOUND")


def test_without_a_span_it_is_the_last_day(plant: Plant, admin: Caller) -> None:
    now = times.now_ms()
    plant.read([(now - HOUR_MS, 5.0), (now - 25 * HOUR_MS, 9.0)], "temperatura")
    found = series(admin, "channel=temperatura&buckets=1000")[0]
    assert [point[1] for point in found["points"]] == [5.0]
    ends = [dt.datetime.fromisoformat(found[name]) for name in ("from", "to")]
    assert ends[1] - ends[0] == dt.timedelta(days=1)


def test_offsets_are_understood(plant: Plant, admin: Caller) -> None:
    plant.read([(START_MS, 1.0)], "temperatura")
    query = "from=2026-03-10T06:30:00-05:00&to=2026-03-10T12:30:00&channel=temperatura"
    found = series(admin, query)[0]
    assert (found["from"], len(found["points"])) == ("2026-03-10T11:30:00.000Z", 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=ayer", "from"),
        ("to=nunca", "to"),
        ("buckets=0", "buckets"),
        ("buckets=1001", "buckets"),
        ("buckets=x", "buckets"),
        ("from=2026-03-10T12:00:00Z&to=2026-03-10T12:00:00Z", "from"),
        ("from=2026-03-11&to=2026-03-10", "from"),
        (f"channel={'x' * 65}", "channel"),
    ],
)
def test_a_span_that_cannot_be_names_its_field(plant: Plant, admin: Caller, query: str, field: str) -> None:
    answer = admin.get(f"/sensors/medidor/readings?{query}")
    assert answer.status_code == 422
    assert set(answer.json["error"]["details"]["validation_errors"]) == {field}


@pytest.mark.parametrize(
    "query", ["from=0001-01-01", "to=0001-01-01", "to=9999-12-31", "from=0001-01-01T00:00:00%2B14:00"]
)
def test_the_ends_of_the_calendar_break_nothing(plant: Plant, admin: Caller, query: str) -> None:
    assert admin.get(f"/sensors/medidor/readings?{query}").status_code in (200, 422)


def test_a_series_costs_a_query_a_channel_however_long(app: Flask, plant: Plant, admin: Caller) -> None:
    plant.read([(START_MS + n * MINUTE_MS, 1.0) for n in range(24 * 60)], "temperatura")
    plant.settle()
    counts = []
    for minutes in (60, 24 * 60):
        series(admin, f"{span(minutes)}&buckets=10")
        with queries(app) as seen:
            series(admin, f"{span(minutes)}&buckets=11")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 4


def test_the_latest_of_every_channel_in_one_query(app: Flask, plant: Plant, admin: Caller) -> None:
    plant.read(climbing(local_ms(days_ago(2)), 10))
    plant.read([(START_MS + n, float(n)) for n in range(5)], "temperatura")
    new_device(admin, "callado")
    admin.get("/sensors/latest?device=callado")  # who is asking is remembered from here on
    with queries(app) as seen:
        rows = made(admin.get("/sensors/latest"), 200)
    assert len(seen) == 1
    assert [(row["device"], row["key"], row["value"]) for row in rows] == [
        ("medidor", "gas_total_m3", 105.0),
        ("medidor", "temperatura", 4.0),
    ]
    assert (rows[1]["ts"], rows[1]["ts_ms"]) == ("2026-03-10T12:00:00.004Z", START_MS + 4)
    assert (rows[1]["quantity"], rows[1]["unit"], rows[1]["kind"]) == ("temperature", "°C", "gauge")
    assert made(admin.get("/sensors/latest?device=callado"), 200) == []
    assert len(made(admin.get(f"/sensors/latest?device={plant.device['id']}"), 200)) == 2


def test_refusals_are_listed_with_their_counts(app: Flask, admin: Caller, apprentice: Caller) -> None:
    with app.app_context(), transaction() as session:
        for n, reason in enumerate(["not_json", "not_json", "too_big"]):
            session.add(Reject(received_at=START + dt.timedelta(minutes=n), topic="Prueba", reason=reason,
                               size=n, excerpt=f"<b>{n}</b>"))  # fmt: skip
        for reason, count in (("not_json", 2000), ("too_big", 1)):
            session.add(RejectCount(reason=reason, count=count, last_ms=1))
    answer = admin.get("/sensors/rejects?limit=2")
    assert [row["size"] for row in answer.json["data"]] == [2, 1]
    assert answer.json["data"][0]["received_at"] == "2026-03-10T12:02:00Z"
    assert answer.json["meta"]["counts"] == {"not_json": 2000, "too_big": 1}
    assert answer.json["meta"]["pagination"]["total_items"] == 3
    assert answer.headers["X-Total-Count"] == "3"
    assert [row["size"] for row in admin.get("/sensors/rejects?reason=too_big").json["data"]] == [2]
    assert apprentice.get("/sensors/rejects").status_code == 403


def test_figures_of_what_arrives(app: Flask, plant: Plant, admin: Caller) -> None:
    now = times.now_ms()
    plant.read([(now - n * MINUTE_MS, 1.0) for n in range(10)], "temperatura")
    plant.settle()
    with app.app_context(), transaction() as session:
        row = {"device_id": plant.device["id"], "received_ms": now, "topic": "t", "payload": b"{}"}
        ages = [1_000, 30_000, 600_000, 7_200_000]
        messages = [{**row, "ts_ms": now - age, "digest": bytes([n] * 8)} for n, age in enumerate(ages)]
        session.execute(insert(Message), messages)
    stats = made(admin.get("/sensors/stats"), 200)
    assert stats["messages_last_minute"] == 2
    assert stats["messages_per_minute"] == round(3 / 60, 2)
    assert sum(day["readings"] for day in stats["readings_per_day"]) == 10
    assert stats["devices"] == {"active": 1}
    assert stats["rejects"] == {}
    assert stats["ingest"] == {"mode": "off", "connected": None}
