"""A material's figures between the table and the computation: plain JSON there, ranges here. Pure."""

from collections.abc import Mapping
from typing import Any

from app.biogas.substrates import B0_LIMIT_FAT, EDITED, PARAMETER_FIELDS, SUBSTRATES, Range, Substrate, bounds
from app.biogas.yields import Parameters
from app.core.errors import Invalid

LABELS = {
    "ts_pct": ("Sólidos totales", "% de la masa fresca"),
    "vs_ts": ("Sólidos volátiles / sólidos totales", "kg/kg"),
    "b0": ("Potencial de metano B0", "Nm³ CH₄/kg SV"),
    "k35_per_d": ("Constante de velocidad a 35 °C", "1/d"),
    "lag_d": ("Fase de retardo", "d"),
    "ch4_pct": ("Metano en el biogás", "%"),
}
Figures = dict[str, dict[str, Any]]


def figures_of(substrate: Substrate) -> Figures:
    """The substrate as JSON: field -> {low, default, high, provenance}."""
    return {
        name: {**_numbers(getattr(substrate, name)), "provenance": substrate.provenance[name]}
        for name in PARAMETER_FIELDS
    }


def parameters_of(figures: Mapping[str, Mapping[str, Any]], key: str) -> Parameters:
    """Ranges ready to compute with; the warnings are those of the substrate called `key`, if it is in the table."""
    ranges = {n: Range(*(float(figures[n][k]) for k in ("low", "default", "high"))) for n in PARAMETER_FIELDS}
    known = SUBSTRATES.get(key)
    return Parameters(**ranges, warnings=known.warnings if known else ())


def overlaid(figures: Figures, changes: Mapping[str, Any], key: str) -> Figures:
    """`figures` with a person's values on top: a number, or {low, default, high}. Raises Invalid naming the field."""
    made = {name: dict(entry) for name, entry in figures.items()}
    wrong: dict[str, str] = {}
    for name, value in changes.items():
        low, high = _bounds(key, name)
        try:
            made[name] = _edited(made.get(name), value, low, high)
        except (ValueError, TypeError, KeyError):
            wrong[f"parameters.{name}"] = f"Debe ser un número entre {low:g} y {high:g} (bajo ≤ medio ≤ alto)"
    if wrong:
        raise Invalid(fields=wrong)
    return made


def _bounds(key: str, name: str) -> tuple[float, float]:
    if name not in PARAMETER_FIELDS:
        raise Invalid(
            fields={f"parameters.{name}": f"Parámetro desconocido; use {', '.join(PARAMETER_FIELDS)}"}
        )
    known = SUBSTRATES.get(key)
    if known:
        return bounds(known, name)
    return (0.005, B0_LIMIT_FAT) if name == "b0" else bounds(next(iter(SUBSTRATES.values())), name)


def _edited(known: Mapping[str, Any] | None, value: Any, low: float, high: float) -> dict[str, Any]:
    if isinstance(value, Mapping):
        numbers = Range(float(value["low"]), float(value["default"]), float(value["high"]))
        source = str(value.get("provenance") or EDITED)
    else:
        number = float(value)
        ends = [number, *((known["low"], known["high"]) if known else ())]
        numbers, source = Range(min(ends), number, max(ends)), EDITED
    if isinstance(value, bool) or not low <= numbers.low <= numbers.high <= high:
        raise ValueError
    return {**_numbers(numbers), "provenance": source[:200]}


def _numbers(numbers: Range) -> dict[str, float]:
    return {"low": numbers.low, "default": numbers.default, "high": numbers.high}
