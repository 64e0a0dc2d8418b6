"""The stateless calculator: what a feed would give. Stores nothing."""

from typing import Any

from app.biogas.comparison import expected_shape, legacy_shape
from app.biogas.materials import material_called
from app.biogas.parameters import overlaid, parameters_of
from app.biogas.yields import Feed, expected_series
from app.core.errors import Invalid


def estimate(
    material_type: str,
    material_amount_kg: float | None,
    days: int,
    feeding: str,
    meter_temperature_c: float,
    meter_pressure_hpa: float,
    parameters: dict[str, Any] | None = None,
    **feed: float | None,
) -> dict[str, Any]:
    """Expected gas of one batch, or of the same amount fed every day; the earlier model beside a batch."""
    if material_amount_kg is None:
        raise Invalid(fields={"material_amount_kg": "Este campo es obligatorio"})
    material = material_called(material_type)
    figures = parameters_of(overlaid(material.parameters, parameters or {}, material.key), material.key)
    starts = range(days) if feeding == "daily" else range(1)
    feeds = [_feed(material_amount_kg, start, **feed) for start in starts]
    expected = expected_shape(expected_series(feeds, figures, days, meter_temperature_c, meter_pressure_hpa))
    temperature_c = feed["temperature_c"] or 0.0
    return {
        "expected": expected,
        "days": expected["days"],
        "daily_biogas_m3": expected["daily_biogas_m3"],
        "cumulative_biogas_m3": expected["cumulative_biogas_m3"],
        "A_biogas_m3": expected["potential_biogas_nm3"],
        "legacy_model": legacy_shape(material.key, material_amount_kg, temperature_c)
        if feeding == "batch"
        else None,
    }


def _feed(
    mass_kg: float,
    start_day: float,
    *,
    material_humidity_pct: float | None,
    temperature_c: float | None,
    added_water_m3: float | None,
) -> Feed:
    return Feed(mass_kg, material_humidity_pct, temperature_c or 0.0, added_water_m3 or 0.0, float(start_day))
