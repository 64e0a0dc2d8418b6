"""From a filling's stored figures to what a report says. Reads the database; draws nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import accumulate

from app.biogas import comparison, energy, substrates
from app.biogas.comparison import Day, Steps
from app.biogas.models import Filling
from app.biogas.parameters import LABELS
from app.biogas.reports.data import DayRow, Energy, Kind, Parameter, ReportData
from app.biogas.substrates import PARAMETER_FIELDS
from app.biogas.yields import Expected
from app.core.extensions import current_settings

ENERGY_NOTE = (
    "Poder calorífico inferior del metano 9,97 kWh/Nm³; electricidad con 38 % de eficiencia; "
    "CO₂e evitado si el metano no se libera, con PCG a 100 años de 27,0 (IPCC AR6)"
)

PROVENANCES = {
    substrates.FNR: "FNR 2010, tabla 4.6, con la dispersión de FNR 2012",
    substrates.IPCC: "IPCC 2019, tabla 10.16; bajo: IPCC 2006 para América Latina, Asia y África",
    substrates.TRIALS: "Ensayos por lotes publicados, del menor al mayor",
    substrates.EDITED: "Dado por una persona",
    substrates.ENGINEERING: "Valor de ingeniería por defecto, rango típico de la literatura",
    substrates.GAS_TABLES: "Tablas de calidad de gas GTZ/Maramba y raming, ±5 puntos",
}


def report_data(
    fillings: Sequence[Filling],
    kind: Kind,
    first: date,
    last: date,
    as_of: datetime,
    *,
    report_id: int = 0,
    observations: str = "",
    inferences: str = "",
    author: str = "",
    generated_at: datetime,
) -> ReportData:
    """What a report on the days from `first` to `last` says; of several fillings, the newest gives the heading.

    `as_of` (aware) is the moment the figures speak of: coverage of its day counts up to it.
    """
    filling = fillings[-1]
    rows = _rows(fillings, first, last, as_of)
    elapsed = comparison.days_elapsed(filling, as_of)
    expected = comparison.expected_of(filling, elapsed)
    metered = [row for row in rows if row.actual_nm3 is not None]
    actual_nm3 = sum(row.actual_nm3 or 0.0 for row in metered) if metered else None
    digester, material = filling.digester, filling.material
    return ReportData(
        report_id=report_id,
        kind=kind,
        farm_name=current_settings().farm_name,
        digester_name=digester.name,
        digester_volume_m3=digester.volume_m3,
        place=digester.place or "",
        timezone=digester.timezone,
        filling_number=filling.number,
        started_on=filling.date,
        ended_on=_end(filling),
        people=filling.people,
        material=material.name,
        mass_kg=filling.material_amount_kg,
        humidity_pct=filling.material_humidity_pct,
        added_water_m3=filling.added_water_m3,
        temperature_c=filling.temperature_c,
        period_from=first,
        period_to=last,
        days=tuple(rows),
        potential_ch4_nm3=expected.potential.ch4_nm3,
        potential_biogas_nm3=expected.potential.biogas_nm3,
        potential_low_nm3=expected.potential.low_biogas_nm3,
        potential_high_nm3=expected.potential.high_biogas_nm3,
        expected_total_nm3=sum(row.expected_nm3 for row in rows),
        actual_total_m3=sum(row.actual_m3 or 0.0 for row in metered) if metered else None,
        actual_total_nm3=actual_nm3,
        coverage=sum(row.coverage or 0.0 for row in rows) / len(rows) if rows else None,
        parameters=_parameters(filling),
        meter_conditions=_conditions(filling),
        warnings=_warnings(fillings, expected),
        inferences=inferences,
        observations=observations,
        author=author,
        generated_at=generated_at,
        energy=_energy(actual_nm3, filling),
    )


def _rows(fillings: Sequence[Filling], first: date, last: date, as_of: datetime) -> list[DayRow]:
    by_date: dict[date, DayRow] = {}
    for filling in fillings:
        for row in _filling_rows(filling, as_of):
            if first <= row.date <= last:
                by_date[row.date] = _together(by_date[row.date], row) if row.date in by_date else row
    rows = [by_date[day] for day in sorted(by_date)]
    sums = zip(*(accumulate(steps) for steps in zip(*map(_additions, rows), strict=True)), strict=True)
    return [
        replace(
            row,
            expected_cumulative_nm3=expected,
            expected_low_cumulative_nm3=low,
            expected_high_cumulative_nm3=high,
            actual_cumulative_nm3=None if row.actual_nm3 is None else actual,
        )
        for row, (expected, low, high, actual) in zip(rows, sums, strict=True)
    ]


def _additions(row: DayRow) -> tuple[float, ...]:
    low, high = row.expected_low_cumulative_nm3, row.expected_high_cumulative_nm3
    return (row.expected_nm3, low, high, row.actual_nm3 or 0.0)


def _filling_rows(filling: Filling, as_of: datetime) -> list[DayRow]:
    count = comparison.days_elapsed(filling, as_of)
    expected, days = comparison.expected_of(filling, count), comparison.actual_of(filling, count, as_of)
    steps = comparison.expected_steps(expected, days)
    return [_row(n, day, step, expected) for n, (day, step) in enumerate(zip(days, steps, strict=True))]


def _row(n: int, day: Day, step: Steps, expected: Expected) -> DayRow:
    """A day on its own: its cumulatives are what it adds, until `_rows` sums them."""
    return DayRow(
        day=n,
        date=day.date,
        expected_nm3=step.nm3,
        expected_low_nm3=expected.low_biogas_nm3[n] * day.share,
        expected_high_nm3=expected.high_biogas_nm3[n] * day.share,
        expected_cumulative_nm3=step.nm3,
        expected_low_cumulative_nm3=step.low_nm3,
        expected_high_cumulative_nm3=step.high_nm3,
        expected_m3=step.m3,
        actual_m3=day.volume_m3,
        actual_nm3=day.volume_nm3,
        coverage=day.coverage,
        quality=day.quality,  # type: ignore[arg-type]
        events=tuple(str(event["kind"]) for event in day.events),
    )


def _together(a: DayRow, b: DayRow) -> DayRow:
    """The day on which one filling ends and the next begins: both give gas."""
    volumes = [(a.actual_m3, a.actual_nm3), (b.actual_m3, b.actual_nm3)]
    known = [(m3, nm3) for m3, nm3 in volumes if m3 is not None and nm3 is not None]
    return replace(
        b,
        expected_nm3=a.expected_nm3 + b.expected_nm3,
        expected_low_nm3=a.expected_low_nm3 + b.expected_low_nm3,
        expected_high_nm3=a.expected_high_nm3 + b.expected_high_nm3,
        expected_low_cumulative_nm3=a.expected_low_cumulative_nm3 + b.expected_low_cumulative_nm3,
        expected_high_cumulative_nm3=a.expected_high_cumulative_nm3 + b.expected_high_cumulative_nm3,
        expected_m3=a.expected_m3 + b.expected_m3,
        actual_m3=sum(m3 for m3, _ in known) if known else None,
        actual_nm3=sum(nm3 for _, nm3 in known) if known else None,
        coverage=((a.coverage or 0.0) + (b.coverage or 0.0)) / 2,
        events=a.events + b.events,
    )


def _end(filling: Filling) -> date | None:
    return comparison.last_day(filling, filling.ended_at) if filling.ended_at else None


def _parameters(filling: Filling) -> tuple[Parameter, ...]:
    figures = filling.parameters
    return tuple(
        Parameter(
            label=LABELS[name][0],
            low=figures[name]["low"],
            default=figures[name]["default"],
            high=figures[name]["high"],
            unit=LABELS[name][1],
            provenance=_in_spanish(str(figures[name].get("provenance", ""))),
        )
        for name in PARAMETER_FIELDS
    )


def _in_spanish(provenance: str) -> str:
    return PROVENANCES.get(provenance, provenance)


def _conditions(filling: Filling) -> str:
    digester = filling.digester
    return (
        "Volúmenes normales con la temperatura y la presión medias de cada día en el medidor; "
        f"donde no se midieron, {digester.meter_temperature_c:g} °C y {digester.meter_pressure_hpa:g} hPa, gas saturado"
    )


def _warnings(fillings: Sequence[Filling], expected: Expected) -> tuple[str, ...]:
    several = (f"El período abarca {len(fillings)} etapas; el encabezado es de la última.",)
    return (several if len(fillings) > 1 else ()) + tuple(notice.message for notice in expected.warnings)


def _energy(actual_nm3: float | None, filling: Filling) -> Energy | None:
    if actual_nm3 is None:
        return None
    ch4 = energy.methane_nm3(actual_nm3, float(filling.parameters["ch4_pct"]["default"]))
    return Energy(ch4, energy.heat_kwh(ch4), energy.electricity_kwh(ch4), energy.co2e_kg(ch4), ENERGY_NOTE)
