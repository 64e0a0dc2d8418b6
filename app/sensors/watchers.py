"""What others may want to hear of ingest: functions given by the wiring. Calls nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.sensors.models import Device
from app.sensors.rollups import Bucket
from app.sensors.stored import Stored


def nobody(*_told: Any) -> None:
    """The default listener."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """`new_device` and `rolled` run within the transaction they tell of; the others after its commit."""

    stored: Callable[[Stored], None] = nobody
    availability: Callable[[int, str, bool], None] = nobody
    new_device: Callable[[Device], None] = nobody
    rolled: Callable[[list[Bucket]], None] = nobody
    after_roll: Callable[[], None] = nobody
