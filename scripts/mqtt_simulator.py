"""Publishes what the sensors of a biogas plant would: one plant on `Prueba`, or many devices on `finca/sim-XX`.

Knows the signals and the broker; what becomes of the messages is the backend's business.
"""

import argparse
import json
import math
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

DAY_S = 86_400.0
HOUR_S = 3600.0
GREETING_S = 5.0
EARLIER_TOPIC = "Prueba"


class Plant:
    """The signals of one digester, the same for the same seed.

    Temperature 35 ± 2 °C by the hour, humidity 60 ± 10 % by the half hour, pressure 1006 ± 8 hPa by two hours, methane
    60 ± 5 %, gas 0.5 ± 0.15 m3/h by the day with noise (some 12 m3 a day), biol 0.05 m3/h.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._phase = self._random.uniform(0, DAY_S)
        self.gas_m3 = self.biol_m3 = 0.0

    def read(self, at_s: float, elapsed_s: float, mode: str = "both") -> dict[str, float]:
        """What the sensors say at a moment (s), the meters having run for `elapsed_s` since they were last read."""
        gas_m3h = max(0.0, 0.5 + self._wave(at_s, DAY_S, 0.15) + self._random.uniform(-0.05, 0.05))
        gas, biol = gas_m3h * elapsed_s / HOUR_S, 0.05 * elapsed_s / HOUR_S
        self.gas_m3 += gas
        self.biol_m3 += biol
        values = {
            "presion": round(1006 + self._wave(at_s, 2 * HOUR_S, 8), 2),
            "temperatura": round(35 + self._wave(at_s, HOUR_S, 2), 2),
            "humedad": round(60 + self._wave(at_s, HOUR_S / 2, 10), 2),
            "calidad": round(60 + self._wave(at_s, HOUR_S / 3, 5), 2),
        }
        # Nine decimals: at one message a second, five would round an increment to steps of 7 %.
        if mode in ("delta", "both"):
            values |= {"caudal_gas": round(gas, 9), "caudal_biol": round(biol, 9)}
        if mode in ("cumulative", "both"):
            values |= {"gas_total_m3": round(self.gas_m3, 9), "biol_total_m3": round(self.biol_m3, 9)}
        return values

    def _wave(self, at_s: float, period_s: float, amplitude: float) -> float:
        return amplitude * math.sin(2 * math.pi * (at_s + self._phase) / period_s)


def topics(topic: str, devices: int) -> list[str]:
    """Where each device publishes: the topic itself when there is one, else a topic of its own."""
    return [topic] if devices == 1 else [f"finca/sim-{n:02d}/telemetry" for n in range(1, devices + 1)]


def readings(
    plants: Sequence[Plant], interval_s: float, mode: str, timestamps: bool
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Endless (device, message), the devices in turn; each message's instant is the moment it is asked for."""
    last_s: list[float | None] = [None] * len(plants)
    while True:
        for number, plant in enumerate(plants):
            now_s = time.time()
            last = last_s[number]
            last_s[number] = now_s
            values = plant.read(now_s, interval_s if last is None else now_s - last, mode)
            yield number, {**values, "timestamp": round(now_s, 3)} if timestamps else values


def connect(broker: str, port: int, client_id: str) -> Client:
    """A connection by MQTT 5, or by 3.1.1 where the broker knows no better. Raises ConnectionError."""
    for version in (MQTTv5, MQTTv311):
        if client := _greet(broker, port, client_id, version):
            return client
    raise ConnectionError(f"El broker {broker}:{port} no acepta la conexión")


def _greet(broker: str, port: int, client_id: str, version: Any) -> Client | None:
    url = urlsplit(broker if "//" in broker else f"mqtt://{broker}")
    answered = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version)
    client.max_queued_messages_set(10_000)
    client.on_connect = lambda *_told: answered.set()
    client.on_disconnect = lambda *_told: answered.set()
    if url.username:
        client.username_pw_set(unquote(url.username), unquote(url.password or ""))
    if url.scheme == "mqtts":
        client.tls_set()
    client.connect(url.hostname or "localhost", url.port or port)
    client.loop_start()
    answered.wait(GREETING_S)
    if client.is_connected():
        return client
    client.disconnect()
    client.loop_stop()
    return None


def publish(
    client: Client,
    where: Sequence[str],
    messages: Iterator[tuple[int, dict[str, Any]]],
    per_second: float,
    duration_s: float,
) -> int:
    """Publishes by QoS 1 at an even pace until the time is over; how many."""
    started, sent, last = time.monotonic(), 0, None
    while not 0 < duration_s <= time.monotonic() - started:
        number, body = next(messages)
        last = client.publish(where[number], json.dumps(body), qos=1)
        sent += 1
        # By the clock, not by the pause: the pace holds although publishing takes time.
        time.sleep(max(0.0, started + sent / per_second - time.monotonic()))
    if last is not None and client.is_connected():
        last.wait_for_publish(GREETING_S)
    return sent


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line understood."""
    parser = argparse.ArgumentParser(
        description="Simula los sensores de un biodigestor y los publica por MQTT."
    )
    add = parser.add_argument
    add("--broker", default="localhost", help="nombre del broker, o su URL: mqtts://usuario:clave@finca:8883")
    add("--port", type=int, default=1883)
    add("--topic", default=EARLIER_TOPIC)
    add("--interval", type=float, default=1.0, help="segundos entre mensajes de un dispositivo")
    add("--duration", type=float, default=0.0, help="segundos en total; 0 es sin fin")
    add("--client-id", default="biogestor-sim")
    add("--seed", type=int, default=None)
    add("--mode", choices=("delta", "cumulative", "both"), default="both")
    add("--devices", type=int, default=1, help="con más de uno, cada uno publica en finca/sim-XX/telemetry")
    add("--rate", type=float, default=None, help="mensajes por segundo entre todos; en lugar de --interval")
    add(
        "--timestamps",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="con la hora en cada mensaje",
    )
    chosen = parser.parse_args(given)
    if chosen.devices < 1 or chosen.interval <= 0 or (chosen.rate is not None and chosen.rate <= 0):
        parser.error("--devices, --interval y --rate deben ser mayores que cero")
    chosen.rate = chosen.rate or chosen.devices / chosen.interval
    if chosen.timestamps is None:
        chosen.timestamps = chosen.devices > 1 or chosen.topic.startswith("finca/")
    return chosen


def main(given: Sequence[str] | None = None) -> None:
    """Publishes until told to end."""
    chosen = arguments(given)
    plants = [Plant(None if chosen.seed is None else chosen.seed + n) for n in range(chosen.devices)]
    client = connect(chosen.broker, chosen.port, chosen.client_id)
    messages = readings(plants, chosen.devices / chosen.rate, chosen.mode, chosen.timestamps)
    where = topics(chosen.topic, chosen.devices)
    print(f"Publicando {chosen.rate:g} mensajes por segundo en {where[0]} ...")
    try:
        sent = publish(client, where, messages, chosen.rate, chosen.duration)
        print(f"{sent} mensajes publicados")
    except KeyboardInterrupt:
        print("Fin")
    finally:
        client.disconnect()
        client.loop_stop()


if __name__ == "__main__":
    main()
