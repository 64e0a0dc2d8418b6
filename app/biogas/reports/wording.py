"""The Spanish of the reports: numbers, dates, labels. It computes nothing."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

NOTHING = "—"
PRODUCT = "BackFinca"
REFERENCE_CONDITIONS = "gas seco a 0 °C (273,15 K) y 1013,25 hPa"
NOT_A_SAFETY_SYSTEM = (
    "Este informe es orientativo y no es un sistema de seguridad: no sustituye los detectores de gas, "
    "las válvulas de alivio ni las revisiones del biodigestor por personal capacitado."
)
KIND_LABELS = {
    "normal": "Reporte regular",
    "final": "Reporte final de producción",
    "range": "Reporte por rango de fechas",
}
QUALITY_LABELS = {"good": "Buena", "partial": "Parcial", "poor": "Deficiente", "none": "Sin datos"}
EVENT_LABELS = {
    "meter_reset": "Reinicio del medidor",
    "meter_rollover": "Vuelta del contador",
    "meter_spike": "Pico descartado",
    "meter_glitch": "Lectura falsa descartada",
    "meter_jump": "Salto del medidor",
    "meter_replaced": "Cambio de medidor",
    "gap": "Hueco en los datos",
}
_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
_LOOKALIKES = str.maketrans(
    {"≥": ">=", "≤": "<=", "−": "-", "→": "->", "≈": "~", "₂": "2", "₄": "4", "	": " "}
)


def decimal(value: float | None, places: int = 2) -> str:
    """1234.5 -> "1.234,50"; a dash for None and for what is not a number."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{round(value, places) + 0.0:,.{places}f}"
    return text.translate(str.maketrans(",.", ".,"))


def compact(value: float | None, places: int = 2) -> str:
    """`decimal` for narrow columns: no decimals from 100 000 on, an exponent from a hundred million on."""
    if value is None or abs(value) < 1e5:
        return decimal(value, places)
    if abs(value) < 1e8 or not math.isfinite(value):
        return decimal(value, 0)
    return f"{value:.2e}".replace(".", ",")


def percent(share: float | None, places: int = 1) -> str:
    """0.954 -> "95,4 %"."""
    return NOTHING if share is None else f"{decimal(100 * share, places)} %"


def signed_percent(value: float | None, places: int = 1) -> str:
    """5.24 (already in %) -> "+5,2 %"."""
    if value is None:
        return NOTHING
    sign = "+" if round(value, places) > 0 else ""
    return f"{sign}{compact(value, places)} %"


def day_text(day: date | None) -> str:
    return NOTHING if day is None else day.isoformat()


def long_day(day: date) -> str:
    """20 nov 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """20 nov."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def month_year(day: date) -> str:
    """nov 26."""
    return f"{_MONTHS[day.month - 1]} {day.year % 100:02d}"


def local_minute(moment: datetime, timezone: str) -> str:
    """An aware moment in the farm's time: 2026-11-20 15:05."""
    return moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M")


def event_label(code: str) -> str:
    return EVENT_LABELS.get(code, code)


def events_text(codes: Iterable[str]) -> str:
    """("gap", "meter_spike", "gap") -> "Hueco en los datos (2), Pico descartado"."""
    counts = Counter(event_label(code) for code in codes)
    return ", ".join(f"{label} ({count})" if count > 1 else label for label, count in counts.items())


def printable(text: str) -> str:
    """The text in the characters the standard PDF fonts have (Windows-1252).

    Other accented letters lose their mark (ő -> o); what is left over becomes "?". Line ends stay.
    """
    composed = unicodedata.normalize("NFC", text).translate(_LOOKALIKES)
    return "".join(_printable_character(character) for character in composed)


def _printable_character(character: str) -> str:
    if character == "\n":
        return character
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    if _fits(character):
        return character
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    return bare if bare and _fits(bare) else "?"


def _fits(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
