"""The farm's calendar: which day it is there, and days that a record may not be dated."""

from datetime import date

from app.core import times
from app.core.extensions import current_settings

FUTURE = "No puede estar en el futuro"


def today() -> date:
    """The farm's local day."""
    return times.day_of_second(int(times.now().timestamp()), current_settings().farm_timezone)


def outside(day: date, birth_date: date) -> str:
    """What is wrong with a day in the life of an animal born on `birth_date`; empty when nothing is."""
    if day > today():
        return FUTURE
    if day < birth_date:
        return f"No puede ser anterior al nacimiento del animal ({birth_date})"
    return ""
