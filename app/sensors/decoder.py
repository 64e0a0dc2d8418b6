"""From a message's bytes to timed numbers, with a reason for each one refused. Pure; never raises."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from app.sensors import instants, payloads
from app.sensors.keys import METADATA_KEYS, TIMESTAMP_KEYS, WELL_KNOWN, fold

MAX_BYTES = 64 * 1024
DEVICE_CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
EARLIER_TOPIC = "Prueba"
BARE_KEY = "valor"
ONLINE = {"online": True, "1": True, "true": True, "offline": False, "0": False, "false": False}

Refusal = tuple[str, str | None]
Sample = tuple[int | None, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may be. Ages in milliseconds, to either side of its arrival."""

    max_bytes: int = MAX_BYTES
    max_channels: int = 64
    max_age_ms: int = 30 * 86_400_000
    max_future_ms: int = 300_000


class Decoded(NamedTuple):
    """What a message says: samples of (instant, values by key), or whether a device is online.

    An instant of None is the moment of arrival. `refused` are losses: (reason, key, or None for the whole
    message or item); `notes` are not.
    """

    kind: Literal["telemetry", "status", "unknown"]
    device_code: str
    samples: list[Sample]
    refused: list[Refusal]
    notes: list[str]
    online: bool | None = None


class Route(NamedTuple):
    read: Callable[["Route", bytes, int, Limits], Decoded]
    device_code: str
    key: str = BARE_KEY


def decode(topic: str, payload: bytes, received_ms: int, limits: Limits) -> Decoded:
    """What the message says, whatever its bytes are."""
    route = _route(topic)
    if route is None:
        return Decoded("unknown", "", [], [("bad_topic", None)], [])
    if len(payload) > limits.max_bytes:
        return Decoded("telemetry", route.device_code, [], [("too_large", None)], [])
    return route.read(route, payload, received_ms, limits)


@lru_cache(maxsize=4096)
def _route(topic: str) -> Route | None:
    """Who reads a topic, and of which device it is."""
    root, *rest = topic.split("/")
    if root == EARLIER_TOPIC and not rest:
        return Route(_telemetry, EARLIER_TOPIC)
    if not rest or not DEVICE_CODE.fullmatch(rest[0]):
        return None
    if root == "finca" and rest[1:] == ["telemetry"]:
        return Route(_telemetry, rest[0])
    if root == "finca" and rest[1:] == ["status"]:
        return Route(_status, rest[0])
    if root == "Biogestor" and not rest[1:]:
        return Route(_bare_number, rest[0], rest[0] if fold(rest[0]) in WELL_KNOWN else BARE_KEY)
    return None


def _telemetry(route: Route, payload: bytes, received_ms: int, limits: Limits) -> Decoded:
    decoded = Decoded("telemetry", route.device_code, [], [], [])
    body, fault = payloads.parse(payload)
    if fault is not None:
        decoded.refused.append((fault, None))
        return decoded
    items = body if isinstance(body, list) else [body]
    for item in items:
        if isinstance(item, dict):
            _read_item(item, received_ms, limits, decoded)
        else:
            decoded.refused.append(("not_object", None))
    if not items:
        decoded.refused.append(("not_object", None))
    elif not decoded.samples and not decoded.refused:
        decoded.refused.append(("empty", None))
    return decoded


def _read_item(item: dict[str, Any], received_ms: int, limits: Limits, decoded: Decoded) -> None:
    """Adds the item's sample, or why it has none."""
    values: dict[str, float] = {}
    stamps: dict[str, Any] = {}
    for key, value in item.items():
        role = _role(key)
        if role == "value":
            plain = type(value) is float and -payloads.LARGEST <= value <= payloads.LARGEST
            number = value if plain else payloads.number(value)
            if isinstance(number, float):
                values[key] = number
            else:
                decoded.refused.append((number, key))
        elif role == "bad_key":
            decoded.refused.append((role, key))
        elif role != "metadata":
            stamps[role] = value
    if len(values) > limits.max_channels:
        values = dict(list(values.items())[: limits.max_channels])
        decoded.refused.append(("too_many_channels", None))
    if values:
        decoded.samples.append((_instant(stamps, received_ms, limits, decoded), values))


def _instant(stamps: dict[str, Any], received_ms: int, limits: Limits, decoded: Decoded) -> int | None:
    """The item's own instant in ms, if it has one that can be believed."""
    for name in TIMESTAMP_KEYS:
        if name in stamps:
            ts_ms = instants.parse(stamps[name])
            if ts_ms is not None and -limits.max_age_ms <= ts_ms - received_ms <= limits.max_future_ms:
                return ts_ms
            decoded.notes.append("skewed_timestamp")
    return None


@lru_cache(maxsize=4096)
def _role(key: str) -> str:
    """`value`, `metadata`, `bad_key`, or the name of the timestamp key it is."""
    folded = fold(key)
    if folded is None:
        return "bad_key"
    if folded in TIMESTAMP_KEYS:
        return folded
    return "metadata" if folded in METADATA_KEYS else "value"


def _bare_number(route: Route, payload: bytes, received_ms: int, limits: Limits) -> Decoded:
    text, fault = payloads.text(payload)
    number = fault or payloads.bare(text)
    if isinstance(number, float):
        return Decoded("telemetry", route.device_code, [(None, {route.key: number})], [], [])
    key = None if number in payloads.WHOLE_FAULTS else route.key
    return Decoded("telemetry", route.device_code, [], [(number, key)], [])


def _status(route: Route, payload: bytes, received_ms: int, limits: Limits) -> Decoded:
    online = ONLINE.get(payloads.word(payload))
    refused: list[Refusal] = [] if online is not None else [("bad_status", None)]
    return Decoded("status", route.device_code, [], refused, [], online)
