"""The rules of a good password."""

import pytest

from app.core.errors import Invalid
from app.users.passwords import COMMON_FILE, hashed, is_common, matches, require_strong


@pytest.mark.parametrize(
    "password", ["Finca-2026", "Verde7Montaña", "verde7-montaña", "VERDE7-MONTE", "Aa1!Aa1!", "Xk9" * 42]
)
def test_good_ones(password: str) -> None:
    require_strong(password)


@pytest.mark.parametrize(
    "password", ["Aa1!Aa1", "Xk9" * 43, "verdemontaña", "verde7montaña", "VERDE7MONTE", "verde montaña", ""]
)
def test_too_short_too_long_or_of_too_few_kinds(password: str) -> None:
    with pytest.raises(Invalid) as caught:
        require_strong(password, "new_password")
    assert "8 a 128" in caught.value.details["validation_errors"]["new_password"]


@pytest.mark.parametrize(
    "password",
    ["Password123", "Password123!", "P@$$w0rd", "Contraseña2026", "C0ntrasen@-1", "We1come1", "Qwerty12345",
     "1q2w3e4R!", "Aa123456", "Colombia2026*", "AdminAdmin1", "MiContraseña1"],
)  # fmt: skip
def test_common_ones_however_they_are_written(password: str) -> None:
    with pytest.raises(Invalid) as caught:
        require_strong(password)
    assert "común" in caught.value.details["validation_errors"]["password"]


def test_a_common_word_inside_a_longer_one_is_allowed() -> None:
    assert not is_common("Clave-Segura-del-Potrero-7")
    assert not is_common("Passwordless-Gate-7x")


def test_the_list_is_of_hundreds_in_both_languages() -> None:
    words = COMMON_FILE.read_text(encoding="utf-8").split()
    assert len(words) == len(set(words)) >= 300
    assert {"password", "contraseña", "qwerty", "colombia"} <= set(words)


@pytest.mark.parametrize(
    "password", ["Marulanda-77", "m4rul4nd4-Xy", "Xy-1088123456", "lucelly_Verde8", "Verde8-jefaluz"]
)
def test_ones_own_names_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as caught:
        require_strong(password, own=["Lucelly de la Marulanda", 1088123456, "jefaluz", None])
    assert "su nombre" in caught.value.details["validation_errors"]["password"]


def test_short_words_of_a_name_forbid_nothing() -> None:
    require_strong("Verdean-Monte-7", own=["Ana de Paz"])


def test_hashes_are_argon2id_and_salted() -> None:
    first, second = hashed("Finca-2026"), hashed("Finca-2026")
    assert first != second
    assert first.startswith("$argon2id$")
    assert matches("Finca-2026", first)
    assert not matches("Finca-2027", first)
    assert not matches("Finca-2026", None)
    assert not matches("Finca-2026", "not a hash")
