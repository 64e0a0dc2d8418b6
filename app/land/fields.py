"""Paddocks: what registering and changing one requires. Who stands in them is `stays`' part."""

from typing import Any

from app.core import records
from app.land.models import Field, FoodType


def fence(**values: Any) -> Field:
    """A new paddock. Raises Invalid when what grows there does not exist."""
    _require_food_type(values.get("food_type_id"))
    return records.create(Field, **values)


def change(field: Field, /, **changes: Any) -> Field:
    """The paddock with the given fields changed; `state` is what people say, whatever stands there."""
    if changes.get("food_type_id") != field.food_type_id:
        _require_food_type(changes.get("food_type_id"))
    return records.update(field, **changes)


def _require_food_type(food_type_id: int | None) -> None:
    if food_type_id is not None:
        records.referred(FoodType, food_type_id, "food_type_id", "El forraje")
