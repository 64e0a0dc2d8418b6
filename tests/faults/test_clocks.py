"""Tokens signed while a clock was wrong: nobody has to log in again because it was put right."""

import time

import jwt
import pytest
from conftest import Caller

KEY = "a key for the tests, long enough for them"


@pytest.mark.parametrize("minutes", [-30, 30])
def test_when_a_token_was_signed_does_not_matter(admin: Caller, minutes: int) -> None:
    claims = jwt.decode(str(admin.token), KEY, algorithms=["HS256"])
    kid = jwt.get_unverified_header(str(admin.token))["kid"]
    claims["iat"] = int(time.time()) + 60 * minutes
    admin.token = jwt.encode(claims, KEY, "HS256", headers={"kid": kid})
    assert admin.get("/species").status_code == 200
