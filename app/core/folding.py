"""Texts as a search compares them: without case and accents, whichever database compares.

MariaDB's collation has it so. SQLite knows the letters of ASCII alone and is lent `folded`.
"""

import unicodedata
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

SQL_NAME = "folded"


def folded(text: str | None) -> str | None:
    """The text without case and accents; what is no letter stays as it is."""
    if text is None or text.isascii():
        return text and text.lower()
    # Not the compatible forms: they would make wildcards of wide signs.
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one))


class fold(FunctionElement[str]):  # noqa: N801
    """A text folded by the database."""

    type = String()
    inherit_cache = True


@compiles(fold)
def _by_collation(element: Any, compiler: Any, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(fold, "sqlite")
def _by_us(element: Any, compiler: Any, **options: Any) -> str:
    return f"{SQL_NAME}({compiler.process(element.clauses, **options)})"
