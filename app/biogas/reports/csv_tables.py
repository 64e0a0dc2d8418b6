"""The report's CSV files: the daily table and the raw readings."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.biogas.reports.columns import DAILY_COLUMNS, daily_rows
from app.biogas.reports.data import ReportData
from app.core.spreadsheet import csv_stream

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READING_HEADER = (
    "Fecha y hora (UTC)",
    "Hora local",
    "Dispositivo",
    "Canal",
    "Magnitud",
    "Unidad",
    "Valor",
)


class ReadingRow(NamedTuple):
    """One reading as stored: `ts_ms` is milliseconds since 1970 in UTC, `value` is in `unit`."""

    ts_ms: int
    device: str
    channel: str
    quantity: str
    unit: str
    value: float


def daily_csv(data: ReportData, bom: bool = False) -> bytes:
    """The daily table in UTF-8 with every digit of its numbers; `bom` for Excel."""
    header = [column.title for column in DAILY_COLUMNS]
    return b"".join(csv_stream(header, daily_rows(data), bom))


def readings_csv(readings: Iterable[ReadingRow], timezone: str, bom: bool = False) -> Iterator[bytes]:
    """The readings in the order they come, streamed; local times in `timezone` (IANA name) with offset."""
    zone = ZoneInfo(timezone)
    return csv_stream(_READING_HEADER, (_reading_cells(reading, zone) for reading in readings), bom)


def _reading_cells(reading: ReadingRow, zone: ZoneInfo) -> tuple[object, ...]:
    moment = _EPOCH + timedelta(milliseconds=reading.ts_ms)
    utc = moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    local = moment.astimezone(zone).isoformat(timespec="milliseconds")
    return (utc, local, *reading[1:])
