"""What people keep for themselves: favourites and visited places, so many and no more."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select

from app.core import records, times
from app.core.errors import Conflict, NotFound
from app.core.extensions import db
from app.users.preference_models import Favorite, Visit

MOST_FAVORITES = 100
MOST_VISITS = 100
LONGEST_KEY = 255


def favorites(user_id: int) -> Sequence[Favorite]:
    """The person's favourites, newest first."""
    query = select(Favorite).where(Favorite.user_id == user_id)
    return db.session.scalars(query.order_by(Favorite.id.desc()).limit(MOST_FAVORITES)).all()


def keep(user_id: int, key: str | None, item: dict[str, Any]) -> tuple[Favorite, bool]:
    """A favourite, and whether it is new; Conflict when there are too many."""
    key = key or _key_of(item)
    query = select(Favorite).where(Favorite.user_id == user_id, Favorite.key == key)
    if found := db.session.scalars(query).one_or_none():
        found.item = item
        records.flush()
        return found, False
    count = db.session.scalar(select(func.count()).where(Favorite.user_id == user_id)) or 0
    if count >= MOST_FAVORITES:
        raise Conflict(f"Ya hay {MOST_FAVORITES} favoritos; quite alguno primero")
    return records.create(Favorite, user_id=user_id, key=key, item=item), True


def drop(user_id: int, favorite_id: int) -> None:
    """Removes one of the person's favourites; NotFound when it is not theirs."""
    found = records.get(Favorite, favorite_id, "El favorito")
    if found.user_id != user_id:
        raise NotFound(f"El favorito {favorite_id} no existe")
    records.remove(found)


def drop_all(user_id: int) -> int:
    """Removes all of the person's favourites; how many there were."""
    result = db.session.execute(delete(Favorite).where(Favorite.user_id == user_id))
    return int(result.rowcount)  # type: ignore[attr-defined]


def visits(user_id: int) -> Sequence[Visit]:
    """The places the person visited, newest first."""
    query = select(Visit).where(Visit.user_id == user_id)
    return db.session.scalars(query.order_by(Visit.id.desc()).limit(MOST_VISITS)).all()


def visit(user_id: int, item: dict[str, Any]) -> Visit:
    """Notes a visit; the oldest give way."""
    made = records.create(Visit, user_id=user_id, item=item, created_at=times.now())
    query = select(Visit.id).where(Visit.user_id == user_id).order_by(Visit.id.desc())
    old = db.session.scalars(query.offset(MOST_VISITS).limit(MOST_VISITS)).all()
    if old:
        db.session.execute(delete(Visit).where(Visit.id.in_(old)))
    return made


def _key_of(item: dict[str, Any]) -> str:
    """The path, or else the title; a long one by its hash."""
    text = str(item.get("path") or item.get("title"))
    return text if len(text) <= LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()
