"""A made-up filling of any length, with a meter that resets, spikes and falls silent."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.biogas.reports.data import DayRow, Energy, Parameter, Quality, ReportData

_START = date(2026, 10, 31)
_NM3_PER_M3 = 0.867
_POTENTIAL_NM3 = 64.0
_PARAMETERS = (
    Parameter("Relación SV/ST", 0.75, 0.8, 0.85, "kg/kg", "FNR 2010, tabla 4.6"),
    Parameter("Potencial de metano B0", 0.13, 0.24, 0.3, "Nm³ CH4/kg SV", "IPCC 2019, cuadro 10.16"),
    Parameter("Constante k a 35 °C", 0.06, 0.1, 0.15, "1/d", "Ajuste propio; <valores> & rangos de ejemplo"),
    Parameter("Retardo", None, 2.0, None, "d", "Valor por defecto"),
)


def _yield_until(day: int, scale: float = 1.0) -> float:
    return scale * _POTENTIAL_NM3 * (1 - math.exp(-0.072 * max(0.0, day - 2)))


def _state(day: int) -> tuple[float | None, Quality, tuple[str, ...]]:
    if day % 17 == 9:
        return 0.0, "none", ("gap",)
    if day % 11 == 6:
        return 0.62, "partial", ("gap", "meter_reset")
    if day % 13 == 8:
        return 0.3, "poor", ("gap", "meter_spike")
    return 1.0, "good", ("meter_spike",) if day % 19 == 4 else ()


def day_rows(count: int) -> tuple[DayRow, ...]:
    rows, actual_sum = [], 0.0
    for day in range(count):
        expected = _yield_until(day + 1) - _yield_until(day)
        coverage, quality, events = _state(day)
        actual = None if quality == "none" else expected * (1 + 0.25 * math.sin(day * 1.7)) * (coverage or 0)
        actual_sum += actual or 0.0
        rows.append(
            DayRow(
                day=day,
                date=_START + timedelta(days=day),
                expected_nm3=expected,
                expected_low_nm3=0.7 * expected,
                expected_high_nm3=1.25 * expected,
                expected_cumulative_nm3=_yield_until(day + 1),
                expected_low_cumulative_nm3=0.8 * _yield_until(day + 1),
                expected_high_cumulative_nm3=1.15 * _yield_until(day + 1),
                expected_m3=expected / _NM3_PER_M3,
                actual_m3=None if actual is None else actual / _NM3_PER_M3,
                actual_nm3=actual,
                actual_cumulative_nm3=actual_sum,
                coverage=coverage,
                quality=quality,
                events=events,
            )
        )
    return tuple(rows)


def report_data(count: int = 20, **changes: Any) -> ReportData:
    """A report of `count` days; any field can be replaced by name."""
    days = day_rows(count)
    actual = sum(day.actual_nm3 or 0.0 for day in days)
    data = ReportData(
        report_id=7,
        kind="normal",
        farm_name="Finca Villaluz",
        digester_name="Biodigestor Norte",
        digester_volume_m3=9.5,
        place="Corral de ordeño",
        timezone="America/Bogota",
        filling_number=3,
        started_on=_START,
        ended_on=None,
        people="María Peña, José Núñez",
        material="Estiércol bovino",
        mass_kg=1000.0,
        humidity_pct=80.0,
        added_water_m3=1.0,
        temperature_c=28.0,
        period_from=_START,
        period_to=_START + timedelta(days=max(count - 1, 0)),
        days=days,
        potential_ch4_nm3=38.4,
        potential_biogas_nm3=_POTENTIAL_NM3,
        potential_low_nm3=34.67,
        potential_high_nm3=80.0,
        expected_total_nm3=sum(day.expected_nm3 for day in days),
        actual_total_m3=actual / _NM3_PER_M3,
        actual_total_nm3=actual,
        coverage=sum(day.coverage or 0.0 for day in days) / count if count else None,
        parameters=_PARAMETERS,
        meter_conditions="28 °C, 1006,5 hPa absolutos, gas saturado de vapor (factor 0,8672)",
        warnings=("El medidor se reinició 2 veces.", "Hay 3 días con cobertura menor del 80 %."),
        inferences="",
        observations="Se limpió la trampa de condensado.\nLa llama del quemador es estable.",
        author="María Peña",
        generated_at=datetime(2026, 11, 20, 20, 5, 4, tzinfo=UTC),
        energy=Energy(22.1, 220.3, 83.7, 427.8, "PCI 9,97 kWh/Nm³ CH4; rendimiento 38 %; GWP100 27,0."),
    )
    return replace(data, **changes)
