"""What the well-known payload keys mean: quantity, kind, unit, bounds. Pure; knows no channel that exists."""

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Kind = Literal["gauge", "total", "increment", "rate"]

LONGEST_KEY = 64
TIMESTAMP_KEYS = ("timestamp", "ts", "time", "fecha")
METADATA_KEYS = frozenset(
    {
        "id",
        "device",
        "device_id",
        "deviceid",
        "dispositivo",
        "client",
        "client_id",
        "clientid",
        "name",
        "nombre",
    }
    | {
        "seq",
        "sequence",
        "mid",
        "msg_id",
        "type",
        "tipo",
        "unit",
        "units",
        "unidad",
        "topic",
        "version",
        "firmware",
    }
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """How a channel is created when its key is first seen. Bounds in `unit`; None is no bound."""

    name: str
    quantity: str
    kind: Kind = "gauge"
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None


def _meter(name: str, quantity: str, kind: Kind, unit: str) -> Declaration:
    return Declaration(name, quantity, kind, unit, minimum=0.0)


WELL_KNOWN = {
    "presion": Declaration("Presión", "pressure", "gauge", "hPa", 300.0, 2000.0),
    "presion_gauge": Declaration("Presión manométrica", "gauge_pressure", "gauge", "hPa", -500.0, 1000.0),
    "temperatura": Declaration("Temperatura", "temperature", "gauge", "°C", -10.0, 80.0),
    "humedad": Declaration("Humedad", "humidity", "gauge", "%", 0.0, 100.0),
    "calidad": Declaration("Metano en el biogás", "methane", "gauge", "%", 0.0, 100.0),
    "ph": Declaration("pH", "ph", "gauge", "pH", 0.0, 14.0),
    "caudal_gas": _meter("Gas por mensaje", "gas", "increment", "m3"),
    "gas_flow": _meter("Gas por mensaje", "gas", "increment", "m3"),
    "caudal_gas_lmin": _meter("Caudal de gas", "gas", "rate", "L/min"),
    "gas_flow_lmin": _meter("Caudal de gas", "gas", "rate", "L/min"),
    "gas_total_m3": _meter("Gas acumulado", "gas", "total", "m3"),
    "caudal_biol": _meter("Biol por mensaje", "biol", "increment", "m3"),
    "biol_flow": _meter("Biol por mensaje", "biol", "increment", "m3"),
    "biol_total_m3": _meter("Biol acumulado", "biol", "total", "m3"),
}


@lru_cache(maxsize=4096)
def fold(key: str) -> str | None:
    """The key without case or accents, by which spellings of one channel meet; None when it cannot be a key.

    Only printable ASCII is left after folding, so that every database agrees on which keys are equal.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", key) if not unicodedata.combining(c))
    folded = plain.casefold().strip()
    usable = folded.isascii() and folded.isprintable() and 0 < len(folded) <= LONGEST_KEY >= len(key)
    return folded if usable else None


def declare(key: str, caudal_gas_kind: Literal["increment", "rate"] = "increment") -> Declaration:
    """The declaration of a usable key; a stranger is a gauge without unit that measures what its key says."""
    folded = fold(key) or key
    known = WELL_KNOWN.get(folded)
    if known is None:
        return Declaration(name=key, quantity=folded[:40])
    if folded == "caudal_gas" and caudal_gas_kind == "rate":
        return replace(known, name="Caudal de gas", kind="rate", unit="m3/h")
    return known
