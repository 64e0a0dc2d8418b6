"""JSON and plain text as sensors really send them: parsed, or refused with a reason. Pure; never raises."""

import json
from math import isfinite
from typing import Any

import orjson

LARGEST = 1e12
WHOLE_FAULTS = frozenset({"not_utf8", "not_json", "empty"})
STATUS_KEYS = ("status", "online", "state", "estado")


def parse(payload: bytes) -> tuple[Any, str | None]:
    """(value, None), or (None, reason) when it is not JSON. `NaN` and numbers too big parse as floats."""
    try:
        return orjson.loads(payload), None
    except orjson.JSONDecodeError:
        return _parse_slowly(payload)


def _parse_slowly(payload: bytes) -> tuple[Any, str | None]:
    """The standard parser accepts what JSON does not (NaN, Infinity) and says whether that was all."""
    content, fault = text(payload)
    if fault is not None:
        return None, fault
    try:
        return json.loads(content, parse_int=_integer), None
    except (ValueError, RecursionError):
        return None, "not_json"


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits)


def text(payload: bytes) -> tuple[str, str | None]:
    """(text without a byte order mark or blanks around it, None), or ("", reason)."""
    try:
        content = payload.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return "", "not_utf8"
    return content, None if content else "empty"


def number(value: Any) -> float | str:
    """The value as a float, or the reason why it is none. Text that is a number is taken as one."""
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return "null"
    if isinstance(value, str):
        value = _from_text(value)
    if not isinstance(value, int | float):
        return "not_number"
    if isinstance(value, int) and abs(value) <= LARGEST:
        return float(value)
    if isinstance(value, float) and not isfinite(value):
        return "not_finite"
    return float(value) if abs(value) <= LARGEST else "out_of_range"


def bare(content: str) -> float | str:
    """A payload that should be nothing but a number, or the reason why it is none."""
    if content.lower() in ("true", "false"):
        return "boolean"
    return "null" if content.lower() == "null" else number(content)


def _from_text(content: str) -> float | None:
    # float() also takes "1_000" and digits of every script; a sensor that sends those is broken.
    if not content.isascii() or "_" in content:
        return None
    try:
        return float(content)
    except ValueError:
        return None


def word(payload: bytes) -> str:
    """What a status message says, in lower case: its text, or its status key's value; "" when unclear."""
    value, fault = parse(payload)
    if fault is not None:
        return text(payload)[0].lower()
    if isinstance(value, dict):
        value = next((value[key] for key in STATUS_KEYS if key in value), None)
    return str(value).strip().lower() if isinstance(value, str | bool | int) else ""
