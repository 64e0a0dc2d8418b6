"""Shapes of the biogas room."""

import datetime as dt
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from app.core.records import id_in
from app.core.shapes import Moment, Shape, Text

Quality = Literal["good", "partial", "poor", "none"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no es una zona horaria conocida, por ejemplo America/Bogota")
    return name


def _number_or_none(value: Any) -> Any:
    """A filling's number left blank, or that makes no sense, is given by us."""
    return id_in(str(value).strip()) or None


Zone = Annotated[Text, AfterValidator(_known_zone)]
Number = Annotated[int | None, BeforeValidator(_number_or_none)]


class MaterialIn(Shape):
    """A material of the farm's own; each parameter a number or {low, default, high, provenance}."""

    key: Text = Field(pattern=r"^[a-z0-9_]{2,40}$")
    name: Text = Field(min_length=2, max_length=120)
    parameters: dict[str, Any]
    notes: Text | None = Field(default=None, max_length=500)


class MaterialOut(Shape):
    """A material with the range and source of each figure."""

    id: int
    key: str
    name: str
    parameters: dict[str, Any]
    notes: str | None
    created_at: Moment
    updated_at: Moment


class DigesterIn(Shape):
    """A digester. `devices` are the codes of those that measure it."""

    name: Text = Field(min_length=1, max_length=120)
    volume_m3: float = Field(gt=0, le=1e6)
    place: Text | None = Field(default=None, max_length=120)
    timezone: Zone | None = None
    meter_temperature_c: float = Field(default=30.0, ge=-10, le=80)
    meter_pressure_hpa: float = Field(default=1013.25, ge=500, le=1500)
    max_rate_m3h: float = Field(default=5.0, gt=0, le=1e5)
    devices: list[Text] | None = Field(default=None, max_length=200)


class DigesterOut(Shape):
    """A digester."""

    id: int
    name: str
    volume_m3: float
    place: str | None
    timezone: str
    meter_temperature_c: float
    meter_pressure_hpa: float
    max_rate_m3h: float
    created_at: Moment
    updated_at: Moment


class DigesterDetail(DigesterOut):
    """A digester with the codes of its devices."""

    devices: Annotated[list[str], BeforeValidator(lambda found: [getattr(d, "code", d) for d in found])]


class FillingIn(Shape):
    """A filling to open."""

    digester_id: int | None = Field(default=None, ge=1, lt=2**31)
    date: dt.date | None = None
    number: Number = None
    people: Text | None = Field(default=None, max_length=255)
    material_type: Text = Field(min_length=1, max_length=40)
    material_amount_kg: float = Field(gt=0, le=1e7)
    material_humidity_pct: float | None = Field(default=None, ge=0, le=100)
    added_water_m3: float = Field(default=0.0, ge=0, le=1e5)
    temperature_c: float = Field(default=35.0, ge=-5, le=70)
    parameters: dict[str, Any] | None = None
    notes: Text | None = Field(default=None, max_length=1000)


class FillingOut(Shape):
    """A filling."""

    id: int
    digester_id: int
    number: int
    date: dt.date
    started_at: Moment
    ended_at: Moment | None
    active: bool
    people: str
    material_id: int
    material_type: str
    material_amount_kg: float
    material_humidity_pct: float | None
    added_water_m3: float
    temperature_c: float
    parameters: dict[str, Any]
    notes: str | None
    created_at: Moment
    updated_at: Moment


class CloseIn(Shape):
    """When the filling ended; now when it is not said."""

    ended_at: Moment | None = None


class WhichDigester(Shape):
    """Of which digester; the newest active filling of the farm when it is not said."""

    digester_id: int | None = Field(default=None, ge=1, lt=2**31)


class EstimateIn(Shape):
    """A stateless calculation: what this feed would give."""

    material_type: Text = Field(default="bovino", max_length=40)
    material_amount_kg: float | None = Field(default=None, gt=0, le=1e7)
    material_humidity_pct: float | None = Field(default=None, ge=0, le=100)
    added_water_m3: float = Field(default=0.0, ge=0, le=1e5)
    temperature_c: float = Field(default=35.0, ge=-5, le=70)
    meter_temperature_c: float = Field(default=30.0, ge=-10, le=80)
    meter_pressure_hpa: float = Field(default=1013.25, ge=500, le=1500)
    days: int = Field(default=60, ge=1, le=730)
    feeding: Literal["batch", "daily"] = "batch"
    parameters: dict[str, Any] | None = None


class ExpectedOut(Shape):
    """Expected gas by day: entry d is made in [d, d+1); the sum of the days is the cumulative."""

    days: list[int]
    dates: list[dt.date] | None = None
    daily_ch4_nm3: list[float]
    daily_biogas_nm3: list[float]
    daily_biogas_m3: list[float]
    daily_low_nm3: list[float]
    daily_high_nm3: list[float]
    cumulative_ch4_nm3: list[float]
    cumulative_biogas_nm3: list[float]
    cumulative_biogas_m3: list[float]
    cumulative_low_nm3: list[float]
    cumulative_high_nm3: list[float]
    vs_kg: float
    potential_ch4_nm3: float
    potential_biogas_nm3: float
    potential_low_nm3: float
    potential_high_nm3: float
    params: dict[str, Any]
    warnings: list[dict[str, str]]
    reference: str


class ActualOut(Shape):
    """Metered gas by day, from the first day of the filling to its last, with how far to trust it."""

    days: list[int]
    dates: list[dt.date]
    daily_biogas_m3: list[float | None]
    daily_biogas_nm3: list[float | None]
    cumulative_biogas_m3: list[float]
    cumulative_biogas_nm3: list[float]
    coverage: list[float]
    quality: list[Quality]
    resets: list[int]
    spikes: list[int]
    events: list[dict[str, Any]]
    temperature_c: list[float | None]
    pressure_hpa: list[float | None]


class LegacyOut(Shape):
    """The earlier system's model, for comparison only: it takes fresh mass for volatile solids."""

    model: str
    days: list[float]
    daily_biogas_m3: list[float]
    cumulative_biogas_m3: list[float]
    A_biogas_m3: float


class ProductionOut(Shape):
    """A filling's expected and actual production."""

    filling: FillingOut
    stage: dict[str, Any]
    expected: ExpectedOut
    actual: ActualOut
    legacy_model: LegacyOut
    as_of: Moment
    pending: bool


class SummaryOut(Shape):
    """A filling in a few figures; undefined ones are null."""

    filling: FillingOut
    day: int
    expected_to_date_nm3: float
    expected_low_nm3: float
    expected_high_nm3: float
    expected_to_date_m3: float
    actual_to_date_m3: float
    actual_to_date_nm3: float
    difference_pct: float | None
    coverage: float
    days_by_quality: dict[str, int]
    resets: int
    spikes: int
    inference: str
    as_of: Moment


class EstimateOut(Shape):
    """The calculator's answer; `A_biogas_m3` and the plain arrays keep the names of the earlier calculator."""

    expected: ExpectedOut
    days: list[int]
    daily_biogas_m3: list[float]
    cumulative_biogas_m3: list[float]
    A_biogas_m3: float
    legacy_model: LegacyOut | None
