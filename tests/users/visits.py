"""A person at a browser: cookies, the CSRF proof its scripts read from them, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from conftest import PASSWORD, PASSWORD_HASH, settings_for
from flask import Flask

from app.core.settings import Settings
from app.core.transaction import transaction
from app.users.models import User
from app.users.permissions import Role

IDENTIFICATION = 52_000_111
ACCESS, REFRESH = "access_token_cookie", "refresh_token_cookie"
ACCESS_CSRF, REFRESH_CSRF = "csrf_access_token", "csrf_refresh_token"
COOKIES = (ACCESS, REFRESH, ACCESS_CSRF, REFRESH_CSRF)


class Browser:
    """Keeps cookies, and sends the CSRF proof with what changes something."""

    def __init__(
        self, app: Flask, agent: str = "Firefox en la lechería", base_url: str | None = None
    ) -> None:
        self.client = app.test_client()
        self.agent = agent
        self.base_url = base_url

    def ask(self, method: str, path: str, *, proof: str | None = ACCESS_CSRF, **kwargs: Any) -> Any:
        """`proof`: the cookie whose value goes into the CSRF header, or None for none."""
        headers = {"User-Agent": self.agent, **kwargs.pop("headers", {})}
        if proof and method != "GET" and self.cookie(proof):
            headers.setdefault("X-CSRF-Token", self.cookie(proof))
        if self.base_url:
            kwargs["base_url"] = self.base_url
        return self.client.open("/api/v1" + path, method=method, headers=headers, **kwargs)

    def log_in(self, name: str | int = IDENTIFICATION, password: str = PASSWORD) -> Any:
        return self.ask(
            "POST", "/auth/login", json={"identification": str(name), "password": password}, proof=None
        )

    def refresh(self, **kwargs: Any) -> Any:
        return self.ask("POST", "/auth/refresh", proof=REFRESH_CSRF, **kwargs)

    def me(self) -> Any:
        return self.ask("GET", "/auth/me")

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None

    def put_cookie(self, name: str, value: str) -> None:
        self.client.set_cookie(name, value)


def settle(app: Flask, role: Role = Role.APPRENTICE, **values: Any) -> int:
    """A person who can log in with IDENTIFICATION (or another) and PASSWORD; their id."""
    facts = {
        "identification": IDENTIFICATION,
        "fullname": "Marta Ordóñez",
        "email": "marta@finca.test",
        "password_hash": PASSWORD_HASH,
        **values,
    }
    with app.app_context(), transaction() as session:
        user = User(role=role, **facts)
        session.add(user)
        session.flush()
        return user.id


@contextmanager
def changed_settings(app: Flask, **values: Any) -> Iterator[Settings]:
    """The application with other settings for a while; only for what is read at every request."""
    kept: Settings = app.config["SETTINGS"]
    known = kept.model_dump(exclude={"instance_dir", "flask_env", "media_dir", "jwt_secret_key"})
    places = {"media_dir": kept.media_dir, "jwt_secret_key": kept.jwt_secret_key}
    app.config["SETTINGS"] = settings_for(kept.instance_dir, **{**known, **places, **values})
    try:
        yield app.config["SETTINGS"]
    finally:
        app.config["SETTINGS"] = kept


def code(answer: Any) -> str:
    """The error code of an answer."""
    return str(answer.json["error"]["code"])


def details(answer: Any) -> dict[str, Any]:
    """What an error tells the client to do."""
    found: dict[str, Any] = answer.json["error"]["details"]
    return found
