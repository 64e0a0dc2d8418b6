"""Shapes of the sensors room."""

import datetime as dt
from typing import Any, Literal

from pydantic import Field

from app.core.shapes import Moment, Shape, Text

Kind = Literal["gauge", "total", "increment", "rate"]
Status = Literal["active", "pending", "disabled"]
CODE = r"^[A-Za-z0-9._:-]{1,64}$"


class ChannelOut(Shape):
    """One quantity of a device."""

    id: int
    device_id: int
    key: str
    name: str
    quantity: str
    kind: Kind
    unit: str
    capacity: float | None
    max_rate_m3h: float | None
    min_value: float | None
    max_value: float | None


class ChannelChange(Shape):
    """What a person declares of a channel, found by `key`; only the keys present change."""

    key: Text = Field(max_length=64)
    name: Text = Field(default="", min_length=1, max_length=120)
    quantity: Text = Field(default="", min_length=1, max_length=40)
    kind: Kind = "gauge"
    unit: Text = Field(default="", max_length=20)
    capacity: float | None = Field(default=None, gt=0)
    max_rate_m3h: float | None = Field(default=None, gt=0)
    min_value: float | None = None
    max_value: float | None = None


class DeviceOut(Shape):
    """Something that publishes."""

    id: int
    code: str
    name: str
    kind: str
    place: str | None
    status: Status
    expected_interval_s: float
    online: bool
    last_seen_ms: int | None
    created_at: Moment
    updated_at: Moment


class DeviceDetail(DeviceOut):
    """A device with its channels."""

    channels: list[ChannelOut]


class DeviceIn(Shape):
    """A device registered before it publishes."""

    code: Text = Field(pattern=CODE)
    name: Text | None = Field(default=None, max_length=120)
    kind: Text = Field(default="sensor", min_length=1, max_length=40)
    place: Text | None = Field(default=None, max_length=120)
    status: Literal["active", "disabled"] = "active"
    expected_interval_s: float = Field(default=60.0, gt=0, le=86400 * 31)
    channels: list[ChannelChange] = Field(default=[], max_length=64)


class DeviceChanges(Shape):
    """Changes to a device; `status: active` approves a quarantined one."""

    name: Text | None = Field(default=None, min_length=1, max_length=120)
    kind: Text | None = Field(default=None, min_length=1, max_length=40)
    place: Text | None = Field(default=None, max_length=120)
    status: Literal["active", "disabled"] | None = None
    expected_interval_s: float | None = Field(default=None, gt=0, le=86400 * 31)
    channels: list[ChannelChange] = Field(default=[], max_length=64)


class LatestOut(Shape):
    """The newest reading of a channel."""

    device_id: int
    device: str
    online: bool
    channel_id: int
    key: str
    name: str
    quantity: str
    kind: Kind
    unit: str
    value: float
    ts_ms: int
    ts: str


class SeriesQuery(Shape):
    """Which readings, and in how many buckets."""

    from_: dt.datetime | None = Field(
        default=None, alias="from", description="ISO 8601; por defecto, 24 horas antes de «to»"
    )
    to: dt.datetime | None = Field(default=None, description="ISO 8601; por defecto, ahora")
    channel: Text | None = Field(
        default=None, max_length=64, description="Clave o id del canal; todos si se omite"
    )
    buckets: int = Field(default=300, ge=1, le=1000)


class SeriesOut(Shape):
    """A channel's readings by bucket: [start ms, min, mean, max, n]."""

    channel: ChannelOut
    from_: str = Field(alias="from")
    to: str
    resolution: str
    bucket_ms: int
    points: list[tuple[int, float, float, float, int]]


class LatestQuery(Shape):
    """Of which device."""

    device: Text | None = Field(default=None, max_length=64, description="Código o id del dispositivo")


class RejectOut(Shape):
    """A message or value that could not be stored."""

    id: int
    received_at: Moment
    topic: str
    reason: str
    key: str | None
    size: int
    excerpt: str


class StatsOut(Shape):
    """How much arrives."""

    messages_last_minute: int
    messages_per_minute: float
    readings_per_day: list[dict[str, Any]]
    devices: dict[str, int]
    rejects: dict[str, int]
    last_message_at: str | None
    ingest: dict[str, Any]
