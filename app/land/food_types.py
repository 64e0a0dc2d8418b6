"""Forages and crops: the rules of registering and changing one."""

import datetime as dt
from typing import Any

from app.core import records
from app.core.errors import Invalid
from app.land.models import FoodType


def sow(**values: Any) -> FoodType:
    """A new forage or crop. Raises Invalid when it would be harvested before it is sown."""
    _require_order(values.get("sowing_date"), values.get("harvest_date"))
    return records.create(FoodType, **values)


def change(food_type: FoodType, /, **changes: Any) -> FoodType:
    """The forage with the given fields changed; the same rule."""
    sown, harvested = (
        changes.get(name, getattr(food_type, name)) for name in ("sowing_date", "harvest_date")
    )
    if {"sowing_date", "harvest_date"} & changes.keys():
        _require_order(sown, harvested)
    return records.update(food_type, **changes)


def _require_order(sown: dt.date | None, harvested: dt.date | None) -> None:
    if sown and harvested and harvested < sown:
        raise Invalid(fields={"harvest_date": f"No puede ser anterior a la siembra ({sown})"})
