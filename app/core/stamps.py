"""Stamps: a random text for each table, replaced after each commit that touches it and read before the database.

What is known to carry the present stamps is still true. They live in the shared cache. When they cannot be trusted
(Redis gone, or several servers without Redis) there are none, and nothing is cached.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from flask import Flask, current_app, g
from gevent import monkey
from redis import RedisError
from sqlalchemy.orm import Session

from app.core.extensions import cache, db
from app.core.gathering import Gathering
from app.core.stamp_debts import Debts
from app.core.transaction import after_commit

# A process killed between its commit and its new stamp would leave an old one: no other lives longer than this.
STAMP_SECONDS = 600
# A stamp that follows others (`follow`) lives until it is replaced.
FOR_EVER = 0
# After a failure Redis is left alone this long, so that a hung server costs one time-out, not one a request.
PAUSE_SECONDS = 2.0

_paused_until = 0.0
_followers: dict[str, str] = {}


class Reading(NamedTuple):
    """The stamps of some tables as one text, and the second since when they hold."""

    text: str
    since: int


def fetch(key: str) -> Any:
    """What the cache holds under `key`, or None; None too when the cache is out of reach."""
    return _guarded(lambda: cache.get(key))


def keep(key: str, value: Any, seconds: int) -> None:
    """Keeps `value` for a while, where a cache is within reach."""
    _guarded(lambda: cache.set(key, value, timeout=seconds))


def follow(name: str, *resources: str) -> None:
    """Has the stamp `name` replaced with that of any of the resources; it does not die by itself.

    For what is looked at anew often enough while the database is there, and must last while it is not.
    """
    _followers.update(dict.fromkeys(resources, name))


def touch(*resources: str) -> None:
    """Gives the resources new stamps; call after the commit that changed them.

    While the cache is away they are owed: it may come back with all it held, and old answers would pass for true.
    """
    names = dict.fromkeys([*resources, *(_followers[one] for one in resources if one in _followers)])
    left = [name for name in names if not _guarded(partial(_renew, name))]
    if left:
        _debts.owe(current_app._get_current_object().app_context, left)  # type: ignore[attr-defined]


def _renew(name: str) -> bool:
    """True, since it raises when it cannot."""
    cache.set(_key(name), _new(), timeout=_life(name))
    return True


def _key(name: str) -> str:
    return f"stamp:{name}"


def _life(name: str) -> int:
    return FOR_EVER if name in _followers.values() else STAMP_SECONDS


_debts = Debts(_renew)


def note_touched(session: Session, _context: Any) -> None:
    """Every table the session changes gets a new stamp once the change is committed."""
    changed = {
        type(r).__tablename__ for group in (session.new, session.dirty, session.deleted) for r in group
    }
    if changed:
        after_commit(lambda: touch(*changed))


def foresee(resources: Iterable[str]) -> None:
    """A request begins whose view will ask for these stamps: they are read together with what the guard asks for."""
    g.foreseen, g.read_stamps = tuple(resources), {}


def stamps(resources: Iterable[str]) -> str | None:
    """One text that changes whenever any of the resources does; None when nothing may be cached."""
    found, _ = reading_with("", resources)
    return found.text if found else None


def reading(resources: Iterable[str]) -> Reading | None:
    """The stamps of the resources as this request foresaw them, before it read anything else, or else read now."""
    names, known = sorted(set(resources)), g.get("read_stamps", {})
    if names and all(name in known for name in names):
        return _joined([known[name] for name in names])
    return reading_with("", names)[0]


class Ground(NamedTuple):
    """What a request rests on: the keys of the stamps that it read at its door, and their values."""

    keys: tuple[str, ...]
    values: tuple[str, ...]

    def bears(self, resources: Iterable[str]) -> bool:
        """Whether the stamps of these are among them."""
        return {_key(name) for name in resources}.issubset(self.keys)


def ground() -> Ground | None:
    """What this request rests on, people's rights included; None when it read no stamps at its door.

    None with SQLite, too: its file is looked at later than the stamps are read.
    """
    known: dict[str, str] = g.get("read_stamps") or {}
    if not known or _on_sqlite():
        return None
    return Ground(tuple(map(_key, known)), tuple(known.values()))


def holds(app: Flask, ground: Ground) -> bool:
    """Whether nothing of it has changed. Needs neither a request nor the application's context."""
    told = _guarded(lambda: _together(app).values(ground.keys))
    return told is not None and all(
        told[key] == value for key, value in zip(ground.keys, ground.values, strict=True)
    )


def reading_with(key: str, resources: Iterable[str]) -> tuple[Reading | None, Any]:
    """The stamps of the resources, read now, and what the cache holds under `key`, in one question to it."""
    if not _trusted():
        return None, None
    names = sorted(set(resources))
    foreseen = g.pop("foreseen", None) or ()
    more = [name for name in foreseen if name not in names]
    answer = _guarded(lambda: _ask(key, [*names, *more]))
    if answer is None:
        return None, None
    value, found = answer
    if key and foreseen:
        g.read_stamps = dict(zip([*names, *more], found, strict=True))
    return _joined(found[: len(names)]), value


def _trusted() -> bool:
    return bool(_on_sqlite() or current_app.config["CACHE_TYPE"] == "RedisCache")


def _on_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _ask(key: str, names: Sequence[str]) -> tuple[Any, list[str]] | None:
    keys = [_key(name) for name in names]
    asked = [key, *keys] if key else keys
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    told = _together(app).values(asked) if asked else {}
    found = [told[one] or _first(name) for name, one in zip(names, keys, strict=True)]
    return (told.get(key), [str(one) for one in found]) if all(found) else None


def _first(name: str) -> Any:
    """add, not set: of two readers that both miss, the second must see the first one's stamp."""
    cache.add(_key(name), _new(), timeout=_life(name))
    return cache.get(_key(name))


def _together(app: Flask) -> Gathering:
    found: Gathering | None = app.extensions.get("stamps_together")
    if found is None:
        backend = app.extensions["cache"][cache]
        give_way = partial(time.sleep, 0) if monkey.is_module_patched("time") else lambda: None
        found = Gathering(lambda keys: dict(zip(keys, backend.get_many(*keys), strict=True)), give_way)
        found = app.extensions.setdefault("stamps_together", found)
    return found


def _new() -> str:
    return f"{int(time.time()):x}.{secrets.token_hex(8)}"


def _joined(found: Sequence[str]) -> Reading:
    since = max((int(stamp.partition(".")[0], 16) for stamp in found), default=0)
    if not _on_sqlite():
        return Reading("-".join(found), since)
    mark, changed = _file_mark(db.engine.url.database)
    return Reading("-".join([*found, mark]), max(since, changed))


def _file_mark(path: str | None) -> tuple[str, int]:
    """SQLite without Redis: a command line beside the server changes the files, so their times are part of it."""
    marks, changed = [], 0
    for name in (f"{path}", f"{path}-wal"):
        try:
            status = os.stat(name)
            marks.append(f"{status.st_mtime_ns:x}.{status.st_size:x}")
            changed = max(changed, int(status.st_mtime))
        except OSError:
            marks.append("0")
    return ".".join(marks), changed


def _guarded(call: Callable[[], Any]) -> Any:
    global _paused_until
    if time.monotonic() < _paused_until:
        return None
    try:
        return call()
    except (RedisError, OSError):
        _paused_until = time.monotonic() + PAUSE_SECONDS
        return None
