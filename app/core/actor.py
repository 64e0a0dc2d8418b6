"""Who acts at this moment: said by the door, read by whoever must know. Rights are the guard's part."""

from contextvars import ContextVar
from typing import NamedTuple


class Actor(NamedTuple):
    """A person by id and name; without an id, somebody who is no person of the farm."""

    id: int | None
    name: str | None


# A stranger's request. What runs without a request (command line, ingest, rounds) is the system's own doing.
NOBODY = Actor(None, None)
SYSTEM = Actor(None, "Sistema")

acting: ContextVar[Actor] = ContextVar("acting", default=SYSTEM)
