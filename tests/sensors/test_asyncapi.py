"""docs/asyncapi.yaml and docs/mqtt.md against what the code really sends, takes and refuses."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Caller
from flask import Flask
from jsonschema import Draft202012Validator

from app import wiring
from app.biogas.models import ProductionDay
from app.core import times
from app.core.extensions import db, socketio
from app.core.transaction import transaction
from app.sensors import keys, live, snapshots
from app.sensors.arrivals import Arrival
from app.sensors.drafting import Entry
from app.sensors.frames_resource import frames_of
from app.sensors.models import Reading
from app.sensors.placement import Sample
from app.sensors.pusher import LiveReading
from app.sensors.registry import KnownChannel, KnownDevice
from app.sensors.service import register_device
from app.sensors.stored import Stored

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILE: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
PROSE = (DOCS / "mqtt.md").read_text()


def check(schema: str, body: Any) -> None:
    """Fails unless `body` is of the schema called so in the file."""
    Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": FILE["components"]}
    ).validate(body)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What the live screen is sent, caught at the library's door."""
    caught: list[tuple[str, Any]] = []
    monkeypatch.setattr(socketio, "emit", lambda event, body, **_: caught.append((event, body)))
    return caught


def test_every_reference_leads_somewhere() -> None:
    def walk(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if key == "$ref":
                found: Any = FILE
                for step in value.removeprefix("#/").split("/"):
                    found = found[step]
            elif isinstance(value, dict | list):
                walk(value)

    walk(FILE)
    Draft202012Validator.check_schema({"components": FILE["components"]["schemas"]})


def test_the_events_are_those_sent(app: Flask, sent: list[tuple[str, Any]]) -> None:
    reading = LiveReading(1, "nodo", 2, "temperatura", "temperature", "°C", 1_795_209_600_123, 33.4)
    figures = {
        "volume_m3": 1.5,
        "volume_nm3": 1.3,
        "covered_ms": 5,
        "resets": 0,
        "spikes": 0,
        "computed_ms": 7,
    }
    day = ProductionDay(digester_id=1, day=times.now().date(), **figures)
    with app.app_context():
        live.announce_readings([reading], {1: 3})
        live.announce_availability(1, "nodo", True, None)
        live.announce_production(1, wiring.production_shape(1, day))
    described = set(FILE["channels"]["live"]["messages"]) - {"subscribe", "unsubscribe", "snapshot", "alarm"}
    assert {event for event, _ in sent} == described
    for event, body in sent:
        schema = FILE["components"]["messages"][event]["payload"]["$ref"].rsplit("/", 1)[1]
        check(schema, body)


def test_the_snapshot_is_as_described(app: Flask, admin: Caller) -> None:
    with app.app_context(), transaction() as session:
        device = register_device("nodo", channels=[{"key": "gas_total_m3"}])
        session.add_all(
            [Reading(channel_id=device.channels[0].id, ts_ms=ts_ms, value=1.0) for ts_ms in (1, 2)]
        )
    with app.app_context():
        picture = snapshots.picture(snapshots.read_request({"since": 1}, wiring.devices_of_digester))
        picture["production"] = wiring.production_now(None)
        db.session.rollback()
    check("Snapshot", picture)
    assert picture["devices"][0]["channels"][0]["points"] == [[2, 1.0]]


def test_the_frame_is_as_described() -> None:
    pressure = KnownChannel(1, "presion", "Presión", "pressure", "gauge", "hPa", 300.0, 2000.0)
    methane = KnownChannel(2, "Calidad", "Metano en el biogás", "methane", "gauge", "%", 0.0, 100.0)
    arrival = Arrival("Prueba", b"{}", 1)
    device = KnownDevice(1, "Prueba", "Prueba", "active", True, 1, 60.0)
    entry = Entry(arrival, device, 1, arrival.digest, True, [Sample(1, {pressure: 1006.65, methane: 60.0})])
    (frame,) = frames_of(Stored([entry]))
    check("Frame", frame)
    assert frame == {"type": "sensor_data", "presion": 1006.65, "Calidad": 60.0}


def table(heading: str) -> list[list[str]]:
    """The rows of the first table after a heading, cells without their marks."""
    part = PROSE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def test_the_table_of_keys_is_the_codes() -> None:
    documented = {row[0].strip("`"): row[1:] for row in table("Keys")}
    assert set(documented) == set(keys.WELL_KNOWN)
    for key, (name, quantity, kind, unit, _bounds) in documented.items():
        known = keys.WELL_KNOWN[key]
        assert (name, quantity.split(" ")[0], kind, unit) == (
            known.name,
            known.quantity,
            known.kind,
            known.unit,
        )


def test_every_reason_of_a_refusal_is_explained() -> None:
    rooms = Path(keys.__file__).parent
    source = "".join(path.read_text() for path in rooms.glob("*.py"))
    used = set(re.findall(r'\("([a-z0-9_]+)", (?:key|None)\)', source))
    assert {"too_large", "bad_topic", "duplicate_key"} <= used
    assert not {reason for reason in used if f"`{reason}`" not in PROSE}


def test_the_topics_are_those_that_are_read(app: Flask) -> None:
    addresses = [FILE["channels"][name]["address"] for name in ("telemetry", "status", "prueba", "biogestor")]
    wanted = {re.sub(r"\{\w+\}", "+", address) for address in addresses}
    topics = {topic.replace("#", "+") for topic in app.config["SETTINGS"].mqtt_topics}
    assert wanted == topics
