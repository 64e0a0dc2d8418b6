"""Gives each sample an instant of its own, so that two messages never overwrite each other. Pure."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.sensors.registry import KnownChannel

# More messages than this of one device at one instant are refused: nothing honest sends them.
MOST_STEPS = 1000

Slot = tuple[int, int]


@dataclass(slots=True, eq=False)
class Sample:
    """Values of one device at one instant."""

    ts_ms: int
    values: dict[KnownChannel, float]

    @property
    def slots(self) -> list[Slot]:
        """The (channel id, instant) it takes in the readings."""
        return [(channel.id, self.ts_ms) for channel in self.values]


class Claims:
    """The instants taken within a batch."""

    def __init__(self) -> None:
        self._taken: dict[Slot, AbstractSet[KnownChannel]] = {}

    def claim(self, device_id: int, sample: Sample) -> bool:
        """Takes the sample's instant for it; False when one of its channels already has a value there."""
        wanted = sample.values.keys()
        held = self._taken.setdefault((device_id, sample.ts_ms), wanted)
        if held is wanted:
            return True
        if not held.isdisjoint(wanted):
            return False
        self._taken[(device_id, sample.ts_ms)] = held | wanted
        return True


def place(
    crowded: Iterable[tuple[int, Sample]], claims: Claims, stored: Collection[Slot] = ()
) -> list[Sample]:
    """Moves each (device id, sample) to the next free millisecond; returns those that found none."""
    return [
        sample
        for device_id, sample in crowded
        if not any(_free(device_id, sample, step, claims, stored) for step in range(MOST_STEPS))
    ]


def _free(device_id: int, sample: Sample, step: int, claims: Claims, stored: Collection[Slot]) -> bool:
    """Tries the sample's instant, and leaves it one millisecond later where that is taken."""
    if not any(slot in stored for slot in sample.slots) and claims.claim(device_id, sample):
        return True
    sample.ts_ms += 1
    return False
