"""How a person's names are read."""

import pytest

from app.users.names import email_of, identification_of, phone_of, username_of


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("12345678", 12345678),
        (12345678, 12345678),
        (" 1234 ", 1234),
        ("9" * 15, 10**15 - 1),
        ("001234", 1234),
    ],
)
def test_identifications(given: object, read: int) -> None:
    assert identification_of(given) == read


@pytest.mark.parametrize(
    "given", ["123", 123, "9" * 16, 10**15, "0123", "12a4", "12.34", "-1234", -1234, True, 1234.0, "", None,
              [1234], "١٢٣٤", "9" * 10_000]
)  # fmt: skip
def test_what_is_no_identification(given: object) -> None:
    with pytest.raises(ValueError):
        identification_of(given)


@pytest.mark.parametrize(
    ("given", "read"),
    [(" Ana.Ruiz+finca@SENA.edu.co ", "ana.ruiz+finca@sena.edu.co"), ("a@b.co", "a@b.co")],
)
def test_emails(given: str, read: str) -> None:
    assert email_of(given) == read


@pytest.mark.parametrize(
    "given", ["ana", "ana@", "@b.co", "ana@b", "a na@b.co", "ana@b..co", "ana@-b.co", "a@b.co\nBcc: x@y.z",
              "ana.@b.co", ".ana@b.co", "a@b@c.co", "<ana@b.co>", "ána@b.co", "ana@b.c0m-"]
)  # fmt: skip
def test_what_is_no_email(given: str) -> None:
    with pytest.raises(ValueError):
        email_of(given)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("300 123-4567", "3001234567"),
        ("(604) 123.45.67", "6041234567"),
        ("+57 300 1234567", "+573001234567"),
        ("0057 300 1234567", "+573001234567"),
    ],
)
def test_phones(given: str, read: str) -> None:
    assert phone_of(given) == read


@pytest.mark.parametrize("given", ["123456", "1" * 16, "300-CALL-ME", "++573001234567", "57+3001234567", ""])
def test_what_is_no_phone(given: str) -> None:
    with pytest.raises(ValueError):
        phone_of(given)


@pytest.mark.parametrize("given", ["ana", "Ana.Ruiz-2_x"])
def test_usernames(given: str) -> None:
    assert username_of(given) == given


@pytest.mark.parametrize("given", ["12345678", "ana@finca.test", "an", "2ana", "ana ruiz", "a" * 81])
def test_no_username_can_be_taken_for_another_name(given: str) -> None:
    with pytest.raises(ValueError):
        username_of(given)
