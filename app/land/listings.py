"""What the lists of the land show: derived columns, search, relations."""

import datetime as dt

from app.core.lists import Listing
from app.core.relations import many, one
from app.herd.models import Animal
from app.land.models import AnimalField, Field, FoodType
from app.land.occupation import head_now, head_on
from app.land.schemas import AnimalFieldOut, FieldOut, FoodTypeOut, HeadCountOut

FOOD_TYPES = Listing(
    FoodType,
    FoodTypeOut,
    search=("food_type", "handlings", "gauges"),
    aliases={"name": "food_type", "description": "handlings"},
    relations={"fields": many("fields", "food_type_id", "id", "name", "state", "area")},
)

FIELDS = Listing(
    Field,
    FieldOut,
    search=("name", "ubication", "handlings", "gauges", "food_type_name"),
    extra={"animal_count": head_now(), "food_type_name": FoodType.food_type.expression},
    joins=[(FoodType, Field.food_type_id == FoodType.id)],
    relations={
        "food_types": one("food_types", "food_type_id", "id", "food_type", "handlings"),
        "animal_fields": many(
            "animal_fields", "field_id", "id", "animal_id", "assignment_date", "removal_date", "notes"
        ),
    },
)

ANIMAL_FIELDS = Listing(
    AnimalField,
    AnimalFieldOut,
    search=("notes", "animal_record", "field_name"),
    extra={
        "animal_record": Animal.record.expression,
        "field_name": Field.name.expression,
        "is_active": AnimalField.removal_date.is_(None),
    },
    joins=[(Animal, AnimalField.animal_id == Animal.id), (Field, AnimalField.field_id == Field.id)],
    relations={
        "animal": one("animals", "animal_id", "id", "record", "sex", "status"),
        "field": one("fields", "field_id", "id", "name", "ubication", "capacity"),
    },
)


def head_counts(day: dt.date) -> Listing:
    """Every paddock with its head on a day."""
    return Listing(Field, HeadCountOut, search=("name",), extra={"head": head_on(day)})
