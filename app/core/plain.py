"""What a plain record is: table, shapes, verbs and natural key, declared once; crud, import and export read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from app.core.listing import Listing

IMPORT_ROWS = 50_000
BULK_ROWS = 1000


@dataclass(frozen=True)
class Reference:
    """How a foreign key is written in a spreadsheet: in column `header`, by the target's attribute `by` (its tag, its
    name) instead of its id. `permission` is what one must hold to be told it; '' for what everybody may know.
    `altered`: who stores the record locks that one, or changes it.
    """

    header: str
    model: type[Any]
    by: str
    permission: str = ""
    altered: bool = False


def nothing_more(_record: Any) -> Mapping[str, Any]:
    """No more than what every record has."""
    return {}


def nothing_strange(_record: Any) -> Sequence[str]:
    """What is allowed is not strange, as a rule."""
    return ()


@dataclass(frozen=True)
class Figures:
    """What `/stats` tells of a record besides how many there are; the answer depends on `tables`."""

    count: Callable[[], Mapping[str, int]]
    tables: Sequence[str]


NO_FIGURES = Figures(dict, ())


@dataclass(frozen=True)
class Plain:
    """A plain record. `keys` are the fields that tell one record from another for people; verbs are functions.

    `relatives` gives what the answer about a record's dependencies carries besides, at its root and in its data;
    `warnings` tells what is strange about a record that was stored all the same;
    `bulk_rows` is how many may be created by one request, `import_rows` how many one file may hold;
    `figures` is what else is counted of them.
    """

    slug: str
    listing: Listing
    into: type[BaseModel]
    changes: type[BaseModel]
    label: str
    read: str
    write: str
    edit: str
    create: Callable[..., Any]
    update: Callable[..., Any]
    remove: Callable[[Any], Any]
    keys: Sequence[str] = ()
    references: Mapping[str, Reference] = field(default_factory=dict)
    relatives: Callable[[Any], Mapping[str, Any]] = nothing_more
    warnings: Callable[[Any], Sequence[str]] = nothing_strange
    bulk_rows: int = BULK_ROWS
    figures: Figures = NO_FIGURES
    import_rows: int = IMPORT_ROWS

    @property
    def model(self) -> type[Any]:
        """The record's table."""
        return self.listing.model

    @property
    def noun(self) -> str:
        """The record's name in code, as its shapes carry it."""
        return self.listing.shape.__name__.removesuffix("Out")


# Every plain record of the application by its table's name; filled as the doors are imported.
PLAIN: dict[str, Plain] = {}
