"""Passwords of the earlier systems: believed once, and argon2id from then on."""

import base64
import hashlib

import bcrypt
import pytest
from flask import Flask
from users.visits import Browser, settle

from app.core.extensions import db
from app.users import earlier_hashes, passwords
from app.users.models import User

PASSWORD = "Ternera-ñandú-7"
SALT = b"salt of sixteen!"


def pbkdf2(rounds: int = 1000, salt: bytes = SALT) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, rounds)


def passlib(content: bytes) -> str:
    return base64.b64encode(content).decode().replace("+", ".").rstrip("=")


HASHES = {
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    "bcrypt of PHP": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$"),
    "passlib": f"$pbkdf2-sha256$1000${passlib(SALT)}${passlib(pbkdf2())}",
    "Werkzeug": f"pbkdf2:sha256:1000${SALT.decode()}${pbkdf2().hex()}",
    "Django": f"pbkdf2_sha256$1000${SALT.decode()}${base64.b64encode(pbkdf2()).decode()}",
}
KNOWN = {
    # Made by the libraries themselves.
    "passlib": "$pbkdf2-sha256$8000$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE",
}


@pytest.mark.parametrize("kind", HASHES)
def test_the_right_password_opens_and_is_hashed_anew(app: Flask, kind: str) -> None:
    user_id = settle(app, password_hash=HASHES[kind])
    assert Browser(app).log_in(password="Otra-cosa-7").status_code == 401
    with app.app_context():
        assert db.session.get_one(User, user_id).password_hash == HASHES[kind]
    assert Browser(app).log_in(password=PASSWORD).status_code == 200
    with app.app_context():
        renewed = db.session.get_one(User, user_id).password_hash
    assert renewed.startswith("$argon2id$")
    assert not passwords.is_outdated(renewed)
    assert Browser(app).log_in(password=PASSWORD).status_code == 200


def test_a_hash_that_passlib_documents() -> None:
    assert earlier_hashes.matches("password", KNOWN["passlib"])
    assert not earlier_hashes.matches("Password", KNOWN["passlib"])


def test_a_long_password_of_bcrypt_is_cut_where_bcrypt_cut_it() -> None:
    long = "á" * 60
    kept = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    assert earlier_hashes.matches(long, kept)


@pytest.mark.parametrize(
    "kept",
    [
        "",
        PASSWORD,
        "$2b$31$" + "a" * 53,
        "$2b$04$short",
        f"pbkdf2:sha256:0$x${pbkdf2().hex()}",
        f"pbkdf2:sha256:9999999$x${pbkdf2().hex()}",
        f"pbkdf2:sha1:1000$x${pbkdf2().hex()}",
        "$pbkdf2-sha256$1000$a$b",
        "pbkdf2_sha256$1000$x$not base64",
    ],
)
def test_anything_else_matches_nothing(kept: str) -> None:
    assert not earlier_hashes.matches(PASSWORD, kept)


def test_argon2_of_other_costs_is_renewed(app: Flask) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    user_id = settle(app, password_hash=weak)
    assert Browser(app).log_in(password=PASSWORD).status_code == 200
    with app.app_context():
        assert db.session.get_one(User, user_id).password_hash != weak
