"""The simulator: its signals, its flags, and its messages at a real broker."""

import itertools
import json
import os
import subprocess
import sys
from statistics import mean

import pytest
import servers
from sensors.farmyard import ROOT, wait_until

from app.core.settings import load_settings
from app.sensors.arrivals import Arrival
from app.sensors.decoder import Limits, decode
from app.sensors.keys import WELL_KNOWN, declare
from app.sensors.subscriber import Subscriber
from scripts.mqtt_simulator import Plant, arguments, readings, topics

KEYS = {"presion", "temperatura", "humedad", "calidad"}
DELTA, CUMULATIVE = {"caudal_gas", "caudal_biol"}, {"gas_total_m3", "biol_total_m3"}


@pytest.mark.parametrize(
    ("mode", "keys"),
    [("delta", KEYS | DELTA), ("cumulative", KEYS | CUMULATIVE), ("both", KEYS | DELTA | CUMULATIVE)],
)
def test_modes(mode: str, keys: set[str]) -> None:
    assert set(Plant(1).read(0.0, 1.0, mode)) == keys
    assert keys <= set(WELL_KNOWN)


def test_the_signals_of_a_day() -> None:
    plant = Plant(7)
    day = [plant.read(at, 60.0) for at in range(0, 86_400, 60)]
    limits = {"temperatura": (33, 37), "humedad": (50, 70), "presion": (998, 1014), "calidad": (55, 65)}
    for key, (low, high) in limits.items():
        values = [reading[key] for reading in day]
        assert low <= min(values) < low + 0.2 * (high - low)
        assert high - 0.2 * (high - low) < max(values) <= high
        assert mean(values) == pytest.approx((low + high) / 2, rel=0.02)
        declared = declare(key)
        assert declared.minimum <= low < high <= declared.maximum
    assert day[-1]["gas_total_m3"] == pytest.approx(12.0, abs=0.2)
    assert day[-1]["biol_total_m3"] == pytest.approx(1.2)


def test_increments_are_as_exact_as_totals() -> None:
    plant = Plant(3)
    seconds = [plant.read(float(at), 1.0) for at in range(3600)]
    for increment, total in (("caudal_gas", "gas_total_m3"), ("caudal_biol", "biol_total_m3")):
        assert sum(reading[increment] for reading in seconds) == pytest.approx(seconds[-1][total], rel=1e-5)


def test_a_seed_repeats_itself() -> None:
    assert Plant(5).read(1000.0, 1.0) == Plant(5).read(1000.0, 1.0) != Plant(6).read(1000.0, 1.0)


def test_flags() -> None:
    plain = arguments([])
    assert (plain.topic, plain.rate, plain.timestamps, plain.mode) == ("Prueba", 1.0, False, "both")
    assert arguments(["--topic", "finca/a/telemetry"]).timestamps
    assert not arguments(["--devices", "3", "--no-timestamps"]).timestamps
    assert arguments(["--devices", "10", "--interval", "2"]).rate == 5
    assert arguments(["--devices", "10", "--rate", "200"]).rate == 200
    with pytest.raises(SystemExit):
        arguments(["--devices", "0"])
    assert topics("Prueba", 1) == ["Prueba"]
    assert topics("Prueba", 3)[2] == "finca/sim-03/telemetry"


def test_devices_take_turns() -> None:
    taken = list(itertools.islice(readings([Plant(1), Plant(2)], 0.5, "both", True), 5))
    assert [number for number, _ in taken] == [0, 1, 0, 1, 0]
    assert all("timestamp" in body for _, body in taken)


@pytest.mark.services
@pytest.mark.parametrize(
    ("flags", "expected"), [([], {"Prueba"}), (["--devices", "3"], set(topics("", 3)))], ids=["one", "three"]
)
def test_its_messages_are_readings(broker: servers.Mosquitto, flags: list[str], expected: set[str]) -> None:
    arrivals: list[Arrival] = []
    identity = f"simulated-{len(flags)}"
    settings = load_settings(flask_env="testing", mqtt_url=broker.url, mqtt_client_id=identity)
    subscriber = Subscriber(settings, lambda arrival: arrivals.append(arrival) is None)
    subscriber.start()
    wait_until(lambda: subscriber.connected, "connection")
    command = [sys.executable, str(ROOT / "scripts" / "mqtt_simulator.py"), "--port", str(broker.port)]
    command += ["--rate", "50", "--duration", "1", "--seed", "1", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    count = int(done.stdout.split("\n")[1].split()[0])
    wait_until(lambda: len(arrivals) == count, "every message it says it published")
    subscriber.stop()
    assert 10 < count <= 51
    assert {arrival.topic for arrival in arrivals} == expected
    for arrival in arrivals:
        decoded = decode(arrival.topic, arrival.payload, arrival.received_ms, Limits())
        assert len(decoded.samples[0][1]) == 8
        assert (decoded.refused, decoded.notes) == ([], [])
        assert (decoded.samples[0][0] is None) == ("timestamp" not in json.loads(arrival.payload))
