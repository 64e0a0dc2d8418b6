"""What an animal of the demonstration weighs and measures at an age: Brody's curve of its breed and sex. Pure."""

import datetime as dt
import math

from app.demo.pedigree import Beast
from app.herd.pedigree import MALE


def weight_kg(beast: Beast, day: dt.date) -> float:
    """A (1 - b e^(-kt)), from the breed's weight at birth to its mature one, times the animal's own vigour."""
    mature = beast.line.mature_kg[beast.sex == MALE]
    left = (1 - beast.line.birth_kg / mature) * math.exp(-beast.line.kind.rate * beast.age(day))
    return beast.vigour * mature * (1 - left)


def height_cm(beast: Beast, day: dt.date) -> float:
    """At the withers: half of the mature height at birth, and grown earlier than the weight is."""
    mature = beast.line.mature_cm[beast.sex == MALE]
    return mature * (1 - 0.45 * math.exp(-2 * beast.line.kind.rate * beast.age(day)))
