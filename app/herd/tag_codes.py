"""What is written on tags: electronic codes of ISO 11784/11785 in every accepted writing, and official tags. Pure.

The 64 bits of ISO 11784, the highest first: 1 animal flag, 14 reserved or counter, 1 flag of a data block that follows,
10 country (ISO 3166 numeric) or manufacturer, 38 national identification. People write 3 + 12 digits.
"""

import re
from enum import StrEnum
from typing import NamedTuple

COLOMBIA = 170
TEST_PREFIX = 999
MANUFACTURERS = range(900, 999)
COUNTRIES = range(4, 895)  # ISO 3166 has no number outside Afghanistan 004 ... Zambia 894

MAX_NATIONAL_ID = 2**38 - 1
MAX_OFFICIAL = 80

_MAX_WRITTEN = 64
_SEPARATORS = re.compile(r"[\s.\-‐‑–]+")
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+")
_HEX = re.compile(r"[0-9A-F]+")
_WORD = re.compile(r"[0-9A-F]{16}")


class InvalidTag(ValueError):
    """No such tag can exist; the reason is Spanish, for the person who typed it."""


class Issuer(StrEnum):
    """Who vouches for a code. A maker's is unique only among his own; a test code is unique nowhere."""

    COUNTRY = "country"
    MANUFACTURER = "manufacturer"
    TEST = "test"


class Code(NamedTuple):
    """An electronic tag. Two readings are the same tag when their `digits` are."""

    prefix: int  # country or manufacturer
    national_id: int
    reserved: int = 0
    data_block: bool = False

    @property
    def digits(self) -> str:
        """The normal form: 15 digits."""
        return f"{self.prefix:03}{self.national_id:012}"

    @property
    def written(self) -> str:
        """For people: 170 012345678901."""
        return f"{self.prefix:03} {self.national_id:012}"

    @property
    def hex(self) -> str:
        """The whole word, 16 digits, as readers send it."""
        word = 1 << 63 | self.reserved << 49 | self.data_block << 48 | self.prefix << 38 | self.national_id
        return f"{word:016X}"

    @property
    def issuer(self) -> Issuer:
        if self.prefix == TEST_PREFIX:
            return Issuer.TEST
        return Issuer.MANUFACTURER if self.prefix in MANUFACTURERS else Issuer.COUNTRY

    @property
    def is_test(self) -> bool:
        """Factories and shops put 999 on samples: such a tag proves nothing about the animal."""
        return self.issuer is Issuer.TEST


def parse(text: str) -> Code:
    """Read 15 digits or 16 hexadecimal ones, blanks, dots and dashes between; raises InvalidTag with the reason."""
    if len(text) > _MAX_WRITTEN:
        raise InvalidTag(f"Demasiado largo para un código electrónico: {len(text)} caracteres")
    # A word of 16 may happen to have but one letter, an E.
    if _SCIENTIFIC.fullmatch(text.strip()) and not _WORD.fullmatch(text.strip().upper()):
        raise InvalidTag(
            "La hoja de cálculo redondeó el código: dé formato de texto a la columna y escríbalo de nuevo"
        )
    word = _SEPARATORS.sub("", text).upper()
    if not word:
        raise InvalidTag("El código electrónico está vacío")
    if len(word) == 16 and _HEX.fullmatch(word):
        return _from_word(word)
    if not _DIGITS.fullmatch(word):
        raise InvalidTag(_not_digits(word))
    if len(word) != 15:
        raise InvalidTag(_wrong_length(len(word)))
    return _checked(Code(int(word[:3]), int(word[3:])))


def official(text: str, pattern: str | None = None) -> str:
    """Return an official tag in its normal form: capitals, single blanks. What its signs mean is not public, so nothing
    else is checked, unless the farm's settings give a pattern for the whole of it; raises InvalidTag."""
    tag = " ".join(text.split()).upper()
    if not tag:
        raise InvalidTag("La identificación oficial está vacía")
    if len(tag) > MAX_OFFICIAL:
        raise InvalidTag(f"La identificación oficial debe tener como máximo {MAX_OFFICIAL} caracteres")
    if not tag.isprintable():
        raise InvalidTag("La identificación oficial tiene caracteres que no se pueden imprimir")
    if pattern and not re.fullmatch(pattern, tag):
        raise InvalidTag(f"La identificación oficial {tag} no sigue el patrón configurado: {pattern}")
    return tag


def _from_word(text: str) -> Code:
    word = int(text, 16)
    code = Code(
        prefix=word >> 38 & 0x3FF,
        national_id=word & MAX_NATIONAL_ID,
        reserved=word >> 49 & 0x3FFF,
        data_block=bool(word >> 48 & 1),
    )
    # A digit too many must not become another animal: read as a word, its first digits would fill the reserved bits.
    if _DIGITS.fullmatch(text) and (code.reserved or not word >> 63):
        raise InvalidTag(_wrong_length(16))
    if not word >> 63:
        raise InvalidTag("El código no es de un animal: su primer bit (indicador de animal) es 0")
    return _checked(code)


def _checked(code: Code) -> Code:
    prefix = code.prefix
    if prefix not in COUNTRIES and prefix not in MANUFACTURERS and prefix != TEST_PREFIX:
        raise InvalidTag(f"{prefix:03} no es un país (004 a 894) ni un fabricante (900 a 998)")
    if code.national_id > MAX_NATIONAL_ID:
        raise InvalidTag(
            f"El número nacional {code.national_id:012} es mayor que {MAX_NATIONAL_ID}, el mayor que cabe en el chip"
        )
    return code


def _not_digits(word: str) -> str:
    signs = "".join(dict.fromkeys(sign for sign in word if not _DIGITS.fullmatch(sign)))
    if not signs.isprintable():
        return "El código tiene caracteres que no se pueden imprimir: configure el lector para que envíe solo el código"
    return (
        f"Solo se admiten 15 dígitos, o 16 hexadecimales; sobra «{signs}»."
        " Quite lo que el lector escribe antes o después del código"
    )


def _wrong_length(length: int) -> str:
    if length < 15:
        return f"Debe tener 15 dígitos y tiene {length}: ¿se perdió un cero al comienzo?"
    return f"Debe tener 15 dígitos y tiene {length}"
