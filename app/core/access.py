"""How a handler says who may call it. Deciding is the guard's part; a handler that says nothing admits nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """`permission` needed; None for everybody, '' for anybody logged in. `signed`: a signed link will also do."""

    permission: str | None
    signed: bool = False


def allow(permission: str, *, signed: bool = False) -> Callable[[View], View]:
    """Admits people who hold the permission; '' admits anybody who is logged in."""
    return _declare(Access(permission, signed))


def public(view: View) -> View:
    """Admits everybody."""
    return _declare(Access(None))(view)


def declared(view: Any) -> Access | None:
    """What a view declared, or None when it declared nothing."""
    found = getattr(view, "access", None)
    return found if isinstance(found, Access) else None


def _declare(access: Access) -> Callable[[View], View]:
    def decorator(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return decorator
