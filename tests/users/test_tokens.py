"""Access tokens that somebody forged, kept too long, or that were revoked; and keys that change."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask import Flask
from users.visits import ACCESS, Browser, changed_settings, code, details, settle

from app.core.extensions import db
from app.core.settings import Settings
from app.core.transaction import transaction
from app.users import links
from app.users.models import User
from app.users.tokens import key_id

KEY = "a key for the tests, long enough for them"
OTHER_KEY = "another key, that nobody gave to this server"


@pytest.fixture
def token(app: Flask) -> str:
    settle(app)
    return str(Browser(app).log_in().json["access_token"])


def ask(app: Flask, token: str) -> Any:
    return app.test_client().get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed(claims: dict[str, Any], key: str = KEY, **headers: str) -> str:
    return jwt.encode(claims, key, "HS256", headers={"kid": key_id(key), **headers})


def part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def unsigned(token: str) -> str:
    header = {"alg": "none", "typ": "JWT", "kid": key_id(KEY)}
    return f"{part(header)}.{part(claims_of(token))}."


def with_more_rights(token: str) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{part({**claims_of(token), 'sub': '1', 'role': 'Administrador'})}.{signature}"


FORGERIES: dict[str, Callable[[str], str]] = {
    "alg none": unsigned,
    "alg none, signature kept": lambda token: unsigned(token) + token.split(".")[2],
    "other key under our name": lambda token: signed(claims_of(token), OTHER_KEY, kid=key_id(KEY)),
    "other key under its own name": lambda token: signed(claims_of(token), OTHER_KEY),
    "no key named": lambda token: jwt.encode(claims_of(token), KEY, "HS256"),
    "other algorithm": lambda token: jwt.encode(
        claims_of(token), KEY * 2, "HS512", headers={"kid": key_id(KEY)}
    ),
    "changed claims": with_more_rights,
    "refresh type": lambda token: signed({**claims_of(token), "type": "refresh"}),
    "no type": lambda token: signed({k: v for k, v in claims_of(token).items() if k != "type"}),
    "no expiry": lambda token: signed({k: v for k, v in claims_of(token).items() if k != "exp"}),
    "no subject": lambda token: signed({k: v for k, v in claims_of(token).items() if k != "sub"}),
    "subject not a text": lambda token: signed({**claims_of(token), "sub": 1}),
    "two parts": lambda token: ".".join(token.split(".")[:2]),
    "kid not a text": lambda token: f"{part({'alg': 'HS256', 'kid': {}})}.{token.split('.', 1)[1]}",
    "words": lambda token: "nada de nada",
    "bytes": lambda token: "\x00ÿ",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_tokens_open_nothing(app: Flask, token: str, name: str) -> None:
    answer = ask(app, FORGERIES[name](token))
    assert (answer.status_code, code(answer)) == (401, "JWT_ERROR")


@pytest.mark.parametrize(
    "changes",
    [{"sub": "999"}, {"sid": 999}, {"sid": None}, {"sid": "x"}, {"ver": 7}, {"ver": None}, {"sub": "9" * 40}],
)
def test_a_well_signed_token_of_nobody_is_revoked(app: Flask, token: str, changes: dict[str, Any]) -> None:
    answer = ask(app, signed({**claims_of(token), **changes}))
    assert (answer.status_code, code(answer)) == (401, "TOKEN_REVOKED")
    assert details(answer)["client_action"] == "CLEAR_AUTH_AND_RELOGIN"


def test_an_expired_token_asks_for_a_refresh(app: Flask, token: str) -> None:
    answer = ask(app, signed({**claims_of(token), "exp": int(time.time()) - 60}))
    assert (answer.status_code, code(answer)) == (401, "TOKEN_EXPIRED")
    told = details(answer)
    assert told["client_action"] == "ATTEMPT_REFRESH"
    assert told["should_clear_auth"] is False
    assert told["token_type"] == "access"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_role_is_the_databases_not_the_claims(app: Flask, token: str) -> None:
    swollen = signed({**claims_of(token), "role": "Administrador"})
    answer = app.test_client().get("/api/v1/security/metrics", headers={"Authorization": f"Bearer {swollen}"})
    assert (answer.status_code, code(answer)) == (403, "ADMIN_ROLE_REQUIRED")
    assert details(answer)["required_role"] == "Administrador"
    assert details(answer)["current_role"] == "Aprendiz"


def test_a_demoted_person_loses_the_right_at_once(app: Flask) -> None:
    user_id = settle(app, role="Administrador")
    browser = Browser(app)
    browser.log_in()
    assert browser.ask("GET", "/security/metrics").status_code == 200
    with app.app_context(), transaction() as session:
        session.get_one(User, user_id).role = "Aprendiz"
    assert browser.ask("GET", "/security/metrics").status_code == 403


@pytest.mark.parametrize("carry", ["header", "cookie"])
def test_logout_kills_the_token_that_is_presented(app: Flask, token: str, carry: str) -> None:
    browser = Browser(app)
    if carry == "cookie":
        browser.put_cookie(ACCESS, token)
        assert browser.ask("POST", "/auth/logout", proof=None).status_code == 200
    else:
        headers = {"Authorization": f"Bearer {token}"}
        assert browser.ask("POST", "/auth/logout", headers=headers).status_code == 200
    answer = ask(app, token)
    assert (answer.status_code, code(answer)) == (401, "TOKEN_REVOKED")


def test_an_expired_token_can_still_log_out(app: Flask, token: str) -> None:
    expired = signed({**claims_of(token), "exp": int(time.time()) - 60})
    app.test_client().post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {expired}"})
    assert code(ask(app, token)) == "TOKEN_REVOKED"


def test_a_forged_token_logs_nobody_out(app: Flask, token: str) -> None:
    forged = signed(claims_of(token), OTHER_KEY, kid=key_id(KEY))
    answer = app.test_client().post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 200
    assert ask(app, token).status_code == 200


def test_a_token_outlives_a_change_of_key_while_the_old_one_is_named(app: Flask, token: str) -> None:
    with changed_settings(app, jwt_secret_key=OTHER_KEY, jwt_previous_keys=[KEY]):
        assert ask(app, token).status_code == 200
        younger = Browser(app).log_in().json["access_token"]
        assert jwt.get_unverified_header(younger)["kid"] == key_id(OTHER_KEY)
        assert ask(app, younger).status_code == 200
    with changed_settings(app, jwt_secret_key=OTHER_KEY):
        assert code(ask(app, token)) == "JWT_ERROR"


def test_signed_links_outlive_it_too(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    sig = links.sign_path(settings, "/x", 7).partition("sig=")[2]
    assert links.signed_user(settings, "/x", sig) == 7
    assert links.signed_user(settings, "/y", sig) is None
    with changed_settings(app, jwt_secret_key=OTHER_KEY, jwt_previous_keys=[KEY]) as changed:
        assert links.signed_user(changed, "/x", sig) == 7
    with changed_settings(app, jwt_secret_key=OTHER_KEY) as changed:
        assert links.signed_user(changed, "/x", sig) is None


def test_knowing_who_asks_costs_no_query_again(app: Flask, token: str, profile: str) -> None:
    """Read from the cache until a person, a right or a session changes."""
    from sqlalchemy import event

    from app.users.tokens import principal_of

    seen: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        for _ in range(3):
            principal_of(token)
            db.session.rollback()
    assert len([statement for statement in seen if "FROM users" in statement]) == 1
    assert len([statement for statement in seen if "FROM sessions" in statement]) == 1
