"""What a committed batch tells those who listen: readings, and devices that came or went."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from app.sensors.drafting import Entry
from app.sensors.registry import KnownChannel, KnownDevice

Reading = tuple[KnownChannel, int, float]
Availability = tuple[int, str, bool]


@dataclass(slots=True)
class Stored:
    """A committed batch. `results` counts its messages; `refusals`, by reason, what was refused or noted."""

    entries: list[Entry] = field(default_factory=list)
    availability: list[Availability] = field(default_factory=list)
    results: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)

    def by_device(self) -> Iterator[tuple[KnownDevice, list[Reading]]]:
        """Each device with its new readings (channel, ts_ms, value), in the order they came."""
        found: dict[KnownDevice, list[Reading]] = {}
        for entry in self.entries:
            readings = found.setdefault(entry.device, [])
            for sample in entry.samples:
                readings.extend((channel, sample.ts_ms, value) for channel, value in sample.values.items())
        yield from ((device, readings) for device, readings in found.items() if readings)

    def newest(self) -> Iterator[tuple[KnownDevice, list[Reading]]]:
        """Each device with the latest reading of each of its channels that has new ones."""
        for device, readings in self.by_device():
            newest: dict[KnownChannel, Reading] = {}
            for reading in readings:
                if reading[0] not in newest or newest[reading[0]][1] <= reading[1]:
                    newest[reading[0]] = reading
            yield device, list(newest.values())

    def __add__(self, other: Self) -> "Stored":
        return Stored(
            self.entries + other.entries,
            self.availability + other.availability,
            self.results + other.results,
            self.refusals + other.refusals,
        )
