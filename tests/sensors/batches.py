"""Messages and writers for the tests of batches."""

import json
import threading
from collections.abc import Callable
from typing import Any

from sensors.farmyard import Farmyard

from app.core import times
from app.sensors.arrivals import Arrival
from app.sensors.models import Device
from app.sensors.watchers import nobody
from app.sensors.writer import Writer

NOW = times.now_ms()


def message(device: str = "n1", *, at: float | None = None, **more: Any) -> Arrival:
    """A message of one value unless told otherwise; `at` is its own instant in ms."""
    body = more.pop("body", None) or {"a": 1.0}
    body = {**body, "timestamp": at} if at is not None else body
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Arrival(f"finca/{device}/telemetry", payload, more.pop("received_ms", NOW), **more)


def delivered(mid: int, **more: Any) -> Arrival:
    """A QoS 1 delivery without an instant of its own."""
    return message(mid=mid, qos=1, **more)


def status(word: bytes, device: str = "n1", **more: Any) -> Arrival:
    return Arrival(f"finca/{device}/status", word, more.pop("received_ms", NOW), **more)


def writer_of(farm: Farmyard, new_device: Callable[[Device], None] = nobody, **changes: Any) -> Writer:
    settings = farm.settings.model_copy(update=changes)
    return Writer(farm.app, settings, new_device, threading.Event())
