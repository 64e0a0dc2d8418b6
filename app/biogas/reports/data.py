"""What a report says, as plain numbers and texts. How it is drawn is in the renderers beside this file."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Kind = Literal["normal", "final", "range"]
Quality = Literal["good", "partial", "poor", "none"]


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of the report, cut in the farm's time zone.

    Volumes ending in `_nm3` are dry biogas at 0 °C and 1013.25 hPa; those ending in `_m3` are as the meter
    sees them. The cumulatives count from the report's first day; their band is that of whole curves, narrower
    than the sum of the days' bands. On a day that is not over, the expected counts up to the report's moment.
    `actual_*` are None when nothing was measured.
    `events` are the meter's codes: meter_reset, meter_rollover, meter_spike, meter_jump, gap, ...
    """

    day: int  # since the filling started, from 0
    date: date
    expected_nm3: float
    expected_low_nm3: float
    expected_high_nm3: float
    expected_cumulative_nm3: float
    expected_low_cumulative_nm3: float
    expected_high_cumulative_nm3: float
    expected_m3: float
    actual_m3: float | None = None
    actual_nm3: float | None = None
    actual_cumulative_nm3: float | None = None
    coverage: float | None = None  # 0..1
    quality: Quality = "none"
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the method, with its range and where it comes from."""

    label: str
    low: float | None
    default: float | None
    high: float | None
    unit: str
    provenance: str


@dataclass(frozen=True, slots=True)
class Energy:
    """What the measured gas is worth; `note` states the factors used (heating value, efficiency, GWP)."""

    methane_nm3: float
    energy_kwh: float
    electricity_kwh: float | None
    co2e_kg: float | None
    note: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report shows. Potentials are of the whole filling; totals are of the report's period.

    `potential_low_nm3` and `potential_high_nm3` bound the biogas potential. `generated_at` is aware; it is
    shown in `timezone` (an IANA name).
    """

    report_id: int
    kind: Kind
    farm_name: str
    digester_name: str
    digester_volume_m3: float | None
    place: str
    timezone: str
    filling_number: int
    started_on: date
    ended_on: date | None
    people: str
    material: str
    mass_kg: float
    humidity_pct: float | None
    added_water_m3: float
    temperature_c: float
    period_from: date
    period_to: date
    days: tuple[DayRow, ...]
    potential_ch4_nm3: float
    potential_biogas_nm3: float
    potential_low_nm3: float
    potential_high_nm3: float
    expected_total_nm3: float
    actual_total_m3: float | None
    actual_total_nm3: float | None
    coverage: float | None
    parameters: tuple[Parameter, ...]
    meter_conditions: str
    warnings: tuple[str, ...]
    inferences: str
    observations: str
    author: str
    generated_at: datetime
    energy: Energy | None = None
