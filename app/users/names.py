"""How a person's identification, e-mail, phone and username are read: trimmed, checked, in one form. Stores nothing."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from app.core.shapes import Text

IDENTIFICATION_DIGITS = range(4, 16)
EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
)
SEPARATORS = re.compile(r"[\s().-]+")
PHONE = re.compile(r"\+?[0-9]{7,15}")
# Not like an e-mail nor like an identification: one name must open one account only.
USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{2,79}")


def identification_of(value: Any) -> int:
    """The number of 4 to 15 digits that a number or a text means; ValueError for anything else."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    digits = text.lstrip("0") if text.isascii() and text.isdigit() and len(text) < 32 else ""
    if len(digits) not in IDENTIFICATION_DIGITS:
        raise ValueError("debe tener de 4 a 15 dígitos")
    return int(digits)


def email_of(text: str) -> str:
    """An e-mail address in lower case; ValueError when it cannot be one."""
    lowered = text.strip().lower()
    if not EMAIL.fullmatch(lowered):
        raise ValueError("no es un correo válido")
    return lowered


def phone_of(text: str) -> str:
    """A phone number without separators, `+` kept, `00` turned into it; ValueError for anything else."""
    digits = SEPARATORS.sub("", text)
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not PHONE.fullmatch(digits):
        raise ValueError("debe tener de 7 a 15 dígitos")
    return digits


def username_of(text: str) -> str:
    """A username; ValueError when it could be taken for another of a person's names."""
    if not USERNAME.fullmatch(text):
        raise ValueError("debe empezar con una letra y tener de 3 a 80 letras, números, puntos o guiones")
    return text


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


def _or_nothing(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


# A form sends an empty text for what was left out.
Nothing = BeforeValidator(_or_nothing)
Identification = Annotated[int, BeforeValidator(identification_of)]
Fullname = Annotated[Text, Field(min_length=1, max_length=120), AfterValidator(_single_spaced)]
Email = Annotated[Text, Field(max_length=120), AfterValidator(email_of)]
Phone = Annotated[Annotated[Text, Field(max_length=40), AfterValidator(phone_of)] | None, Nothing]
Address = Annotated[Annotated[Text, Field(max_length=255)] | None, Nothing]
Username = Annotated[Annotated[Text, AfterValidator(username_of)] | None, Nothing]
