"""Tags in every accepted writing, refusals with their reasons, and the word of ISO 11784 bit by bit."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.herd.tag_codes import (
    COUNTRIES,
    MANUFACTURERS,
    MAX_NATIONAL_ID,
    Code,
    InvalidTag,
    Issuer,
    official,
    parse,
)

HEX = "80002A82DFDC1C35"


def test_a_word_that_looks_like_a_rounded_number():
    """No spreadsheet rounds 15 digits to this; a reader may well send it."""
    code = parse("8E30010000000000")
    assert code.hex == "8E30010000000000"
    with pytest.raises(InvalidTag, match="redondeó"):
        parse("9,82E+14")


def test_the_vector():
    code = parse(HEX)
    assert (code.prefix, code.national_id, code.reserved, code.data_block) == (170, 12_345_678_901, 0, False)
    assert (code.digits, code.written, code.hex) == ("170012345678901", "170 012345678901", HEX)
    assert parse("170012345678901") == code


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("982 000 123 456 789", "982000123456789"),
        ("982.000123456789", "982000123456789"),
        ("982000123456789", "982000123456789"),
        ("982-000-123456789", "982000123456789"),
        ("  982\u00a0000123456789\r\n", "982000123456789"),
        ("982–000123456789", "982000123456789"),
        ("80002a82dfdc1c35", "170012345678901"),
        ("8000 2A82 DFDC 1C35", "170012345678901"),
        ("170274877906943", "170274877906943"),
        ("032000000000007", "032000000000007"),
        ("8000000000000000", None),  # country 0
        ("8000220000000001", "136000000000001"),  # a word may happen to have no letter
    ],
)
def test_writings(written, digits):
    if digits is None:
        with pytest.raises(InvalidTag, match="000 no es un país"):
            parse(written)
    else:
        assert parse(written).digits == digits


@pytest.mark.parametrize(
    ("written", "issuer"),
    [
        ("170000000000001", Issuer.COUNTRY),
        ("900000000000001", Issuer.MANUFACTURER),
        ("998000000000001", Issuer.MANUFACTURER),
        ("999000000000001", Issuer.TEST),
    ],
)
def test_issuers(written, issuer):
    assert parse(written).issuer is issuer
    assert parse(written).is_test == (issuer is Issuer.TEST)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "está vacío"),
        (" . - ", "está vacío"),
        ("17001234567890", "Debe tener 15 dígitos y tiene 14: ¿se perdió un cero al comienzo?"),
        ("1700123456789012", "Debe tener 15 dígitos y tiene 16"),
        ("9820001234567890", "Debe tener 15 dígitos y tiene 16"),
        ("17001234567890123", "Debe tener 15 dígitos y tiene 17"),
        ("17001234567890A", "sobra «A»"),
        ("LA 982 000123456789", "sobra «LA»"),
        ("UID:982000123456789", "sobra «UID:»"),
        ("0x80002A82DFDC1C35", "sobra «XADFC»"),
        ("170,012345678901", "sobra «,»"),
        ("\x02982000123456789\x03", "configure el lector"),
        ("١٧٠٠١٢٣٤٥٦٧٨٩٠١", "sobra «١٧"),
        ("1.70012345678901E+14", "dé formato de texto a la columna"),
        ("1,70012E+14", "dé formato de texto a la columna"),
        ("170274877906944", "es mayor que 274877906943"),
        ("000012345678901", "000 no es un país"),
        ("003012345678901", "003 no es un país"),
        ("895012345678901", "895 no es un país"),
        ("00002A82DFDC1C35", "indicador de animal"),
        ("8000FFFFFFFFFFFF", "1023 no es un país"),
        ("9" * 65, "Demasiado largo"),
    ],
)
def test_refusals_say_why(written, reason):
    with pytest.raises(InvalidTag) as refused:
        parse(written)
    assert reason in str(refused.value)


def test_the_counter_and_the_data_block_survive():
    code = Code(170, 12_345_678_901, reserved=5, data_block=True)
    assert code.hex == "800B2A82DFDC1C35"
    assert parse(code.hex) == code
    assert code.digits == parse(HEX).digits


PREFIXES = st.sampled_from([*COUNTRIES, *MANUFACTURERS, 999])


@given(PREFIXES, st.integers(0, MAX_NATIONAL_ID))
def test_there_and_back(prefix, national_id):
    code = Code(prefix, national_id)
    assert parse(code.digits) == parse(code.written) == parse(code.hex) == code
    assert len(code.hex) == 16
    assert len(code.digits) == 15


@given(PREFIXES, st.integers(0, MAX_NATIONAL_ID), st.integers(0, 2**14 - 1), st.booleans())
def test_every_bit_has_its_place(prefix, national_id, reserved, data_block):
    word = f"1{reserved:014b}{data_block:b}{prefix:010b}{national_id:038b}"
    code = Code(prefix, national_id, reserved, data_block)
    assert code.hex == f"{int(word, 2):016X}"
    if not code.hex.isdecimal():
        assert parse(code.hex) == code


@given(PREFIXES, st.integers(0, MAX_NATIONAL_ID), st.integers(0, 9))
def test_a_digit_too_many_is_never_another_animal(prefix, national_id, digit):
    for slip in (f"{Code(prefix, national_id).digits}{digit}", f"{digit}{Code(prefix, national_id).digits}"):
        if not slip.startswith(("8000", "8001")):
            with pytest.raises(InvalidTag, match="tiene 16"):
                parse(slip)


@given(st.text(max_size=70))
def test_any_text_is_read_or_refused(text):
    with suppress(InvalidTag):
        code = parse(text)
        assert parse(code.digits).digits == code.digits


# --- official ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("co 123", "CO 123"),
        ("  CO\t 123\u00a0 x ", "CO 123 X"),
        ("000123", "000123"),
        ("ñ-1", "Ñ-1"),
    ],
)
def test_official_tags_are_left_as_they_are_but_for_blanks_and_capitals(written, tag):
    assert official(written) == tag
    assert official(tag) == tag


def test_the_pattern_is_the_farms():
    assert official("co 1234", r"CO \d{4}") == "CO 1234"
    with pytest.raises(InvalidTag, match="no sigue el patrón"):
        official("CO 12345", r"CO \d{4}")


@pytest.mark.parametrize(
    ("written", "reason"), [("", "vacía"), (" \n", "vacía"), ("A" * 81, "máximo 80"), ("A\x00B", "imprimir")]
)
def test_official_refusals(written, reason):
    with pytest.raises(InvalidTag, match=reason):
        official(written)
