"""The decoder in tables: topics, forms of instants, every kind of wrong value, and arbitrary bytes."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.times import to_ms
from app.sensors.decoder import Decoded, Limits, decode
from app.sensors.keys import declare, fold

NOW = to_ms(datetime(2026, 11, 20, 20, 5, 4, tzinfo=UTC))
TELEMETRY = "finca/n1/telemetry"
LIMITS = Limits()


def read(payload: bytes | str, topic: str = TELEMETRY, limits: Limits = LIMITS) -> Decoded:
    return decode(topic, payload.encode() if isinstance(payload, str) else payload, NOW, limits)


@pytest.mark.parametrize(
    ("topic", "payload", "device", "key"),
    [
        ("finca/nodo-1/telemetry", '{"a": 5}', "nodo-1", "a"),
        ("finca/A.b_c:d-9/telemetry", '{"a": 5}', "A.b_c:d-9", "a"),
        ("Prueba", '{"presion": 5}', "Prueba", "presion"),
        ("Biogestor/s1", "5", "s1", "valor"),
        ("Biogestor/s1", " 5.0\n", "s1", "valor"),
        ("Biogestor/temperatura", "5", "temperatura", "temperatura"),
        ("Biogestor/pH", "5", "pH", "pH"),
    ],
)
def test_topics(topic: str, payload: str, device: str, key: str) -> None:
    decoded = read(payload, topic)
    assert decoded == Decoded("telemetry", device, [(None, {key: 5.0})], [], [])


@pytest.mark.parametrize(
    "topic",
    ["", "finca", "finca/n1", "finca/n1/otra", "finca/n1/telemetry/x", "finca//telemetry",
     "finca/ñ/telemetry", "finca/a b/telemetry", f"finca/{'x' * 65}/telemetry", "Prueba/x",
     "Biogestor", "Biogestor/", "Biogestor/a/b", "otra/n1/telemetry", "\ufffd", "$SYS/broker"],
)  # fmt: skip
def test_topics_that_are_not_ours(topic: str) -> None:
    assert read('{"a": 1}', topic) == Decoded("unknown", "", [], [("bad_topic", None)], [])


@pytest.mark.parametrize(
    ("payload", "online"),
    [
        ("online", True), ("OFFLINE", False), ("1", True), ("0", False), ("true", True),
        ('"offline"', False),
        ('{"status": "online"}', True), ('{"online": false}', False), ('{"state": 1, "ts": 5}', True),
        ("quizas", None), ("", None), ("{}", None), ("[1]", None), ("2", None),
        ('{"status": [1]}', None),
    ],
)  # fmt: skip
def test_status(payload: str, online: bool | None) -> None:
    refused = [] if online is not None else [("bad_status", None)]
    assert read(payload, "finca/n1/status") == Decoded("status", "n1", [], refused, [], online)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\xfe", "not_utf8"), (b"", "empty"), (b"  ", "empty"), (b"{", "not_json"),
        (b"hola", "not_json"),
        (b"\x00", "not_json"), (b'{"a":1}x', "not_json"), (b"5", "not_object"), (b'"a"', "not_object"),
        (b"null", "not_object"), (b"true", "not_object"), (b"[]", "not_object"), (b"NaN", "not_object"),
        (b"{}", "empty"), (b'{"ts": 5}', "empty"), (b'{"device": "x", "seq": 4}', "empty"),
        (b"[{}]", "empty"),
        (b"[" * 100_00 + b"]" * 100_00, "not_json"), (b" " * (64 * 1024) + b"5", "too_large"),
    ],
)  # fmt: skip
def test_messages_without_any_value(payload: bytes, reason: str) -> None:
    assert read(payload) == Decoded("telemetry", "n1", [], [(reason, None)], [])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("true", "boolean"), ("false", "boolean"), ("null", "null"), ("NaN", "not_finite"),
        ("Infinity", "not_finite"),
        ("-Infinity", "not_finite"), ("1e400", "not_finite"), ('"nan"', "not_finite"),
        ('"inf"', "not_finite"),
        ("1" * 400, "not_finite"), ("1" * 5000, "not_finite"), ("1e13", "out_of_range"),
        ("-1000000000001", "out_of_range"),
        ('"12,5"', "not_number"), ('"1_0"', "not_number"), ('"٣"', "not_number"), ('""', "not_number"),
        ('"x"', "not_number"),
        ("[1]", "not_number"), ('{"b": 1}', "not_number"), ('"true"', "not_number"),
    ],
)  # fmt: skip
def test_a_value_refused_leaves_the_others(value: str, reason: str) -> None:
    decoded = read(f'{{"x": {value}, "ok": 1.5}}')
    assert decoded.samples == [(None, {"ok": 1.5})]
    assert decoded.refused == [(reason, "x")]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("5", 5.0), ("-5", -5.0), ("5.25", 5.25), ("1e3", 1000.0), ('"5.5"', 5.5), ('" 5 "', 5.0),
        ('"-1e2"', -100.0),
        ("1000000000000", 1e12), ("-0.0", 0.0), ("1e-300", 1e-300),
    ],
)  # fmt: skip
def test_numbers(value: str, number: float) -> None:
    assert read(f'{{"x": {value}}}') == Decoded("telemetry", "n1", [(None, {"x": number})], [], [])


@pytest.mark.parametrize(
    ("payload", "refused"),
    [
        ("true", ("boolean", "valor")), ("NaN", ("not_finite", "valor")), ("null", ("null", "valor")),
        ("hola", ("not_number", "valor")), ("{}", ("not_number", "valor")), ("", ("empty", None)),
        (b"\xff", ("not_utf8", None)), ("1e13", ("out_of_range", "valor")),
    ],
)  # fmt: skip
def test_bare_numbers_that_are_none(payload: str | bytes, refused: tuple[str, str | None]) -> None:
    assert read(payload, "Biogestor/s1") == Decoded("telemetry", "s1", [], [refused], [])


@pytest.mark.parametrize("name", ["timestamp", "ts", "time", "fecha", "Timestamp", "TS"])
@pytest.mark.parametrize(
    "written",
    [
        NOW // 1000, NOW / 1000, NOW, float(NOW), str(NOW // 1000), f"{NOW}.0", "2026-11-20T20:05:04Z",
        "2026-11-20T20:05:04", "2026-11-20 20:05:04+00:00", "2026-11-20T15:05:04-05:00",
    ],
)  # fmt: skip
def test_instants(name: str, written: float | str) -> None:
    decoded = read(json.dumps({"a": 1, name: written}))
    assert decoded == Decoded("telemetry", "n1", [(NOW, {"a": 1.0})], [], [])


@pytest.mark.parametrize(
    "written",
    [
        "ayer",
        "",
        None,
        True,
        [],
        -1,
        0,
        12345,
        1e300,
        "NaN",
        NOW + 300_001,
        NOW - 30 * 86_400_000 - 1,
        "2026-11-31",
    ],
)
def test_an_instant_that_cannot_be_believed_is_replaced_and_remarked(written: object) -> None:
    decoded = read(json.dumps({"a": 1, "ts": written}))
    assert decoded == Decoded("telemetry", "n1", [(None, {"a": 1.0})], [], ["skewed_timestamp"])


@pytest.mark.parametrize("skew", [300_000, -30 * 86_400_000])
def test_the_limits_of_belief(skew: int) -> None:
    assert read(json.dumps({"a": 1, "ts": NOW + skew})).samples == [(NOW + skew, {"a": 1.0})]


def test_fractions_of_a_second_are_kept_to_the_millisecond() -> None:
    assert read(json.dumps({"a": 1, "ts": NOW / 1000 + 0.1237})).samples[0][0] == NOW + 124


def test_a_gateways_list() -> None:
    items = [{"a": 1, "ts": NOW - 1000}, {"b": True, "a": 2}, 7, {}, {"c": 3, "fecha": "x"}]
    decoded = read(json.dumps(items))
    assert decoded.samples == [(NOW - 1000, {"a": 1.0}), (None, {"a": 2.0}), (None, {"c": 3.0})]
    assert decoded.refused == [("boolean", "b"), ("not_object", None)]
    assert decoded.notes == ["skewed_timestamp"]


def test_a_long_list_is_read_whole() -> None:
    items = b"[" + b",".join(b'{"a":%d}' % (n % 10) for n in range(7000)) + b"]"
    assert len(read(items).samples) == 7000


def test_more_channels_than_allowed() -> None:
    decoded = read(json.dumps({f"k{n}": n for n in range(5)}), limits=Limits(max_channels=3))
    assert decoded.samples == [(None, {"k0": 0.0, "k1": 1.0, "k2": 2.0})]
    assert decoded.refused == [("too_many_channels", None)]


@pytest.mark.parametrize("key", ["", "x" * 65, "温度", "a\u0000", "a\nb", "\\ud800"])
def test_keys_that_no_channel_can_have(key: str) -> None:
    text = key.replace("\x00", "\\u0000").replace("\n", "\\n")
    decoded = read(f'{{"{text}": 1, "ok": 2}}')
    assert decoded.samples == [(None, {"ok": 2.0})]
    assert [reason for reason, _ in decoded.refused] == ["bad_key"]


@pytest.mark.parametrize(
    ("key", "folded"),
    [
        ("Presión", "presion"),
        ("CALIDAD", "calidad"),
        (" a ", "a"),
        ("ﬁn", "fin"),
        ("straße", "strasse"),
        ("ñ", "n"),
    ],
)
def test_folding(key: str, folded: str) -> None:
    assert fold(key) == folded


@pytest.mark.parametrize(
    ("key", "quantity", "kind", "unit", "minimum", "maximum"),
    [
        ("presion", "pressure", "gauge", "hPa", 300, 2000),
        ("Temperatura", "temperature", "gauge", "°C", -10, 80),
        ("humedad", "humidity", "gauge", "%", 0, 100),
        ("Calidad", "methane", "gauge", "%", 0, 100),
        ("ph", "ph", "gauge", "pH", 0, 14),
        ("caudal_gas", "gas", "increment", "m3", 0, None),
        ("gas_flow", "gas", "increment", "m3", 0, None),
        ("caudal_gas_lmin", "gas", "rate", "L/min", 0, None),
        ("gas_flow_lmin", "gas", "rate", "L/min", 0, None),
        ("gas_total_m3", "gas", "total", "m3", 0, None),
        ("caudal_biol", "biol", "increment", "m3", 0, None),
        ("biol_flow", "biol", "increment", "m3", 0, None),
        ("biol_total_m3", "biol", "total", "m3", 0, None),
        ("Otra Cosa", "otra cosa", "gauge", "", None, None),
    ],
)
def test_declarations(
    key: str, quantity: str, kind: str, unit: str, minimum: float | None, maximum: float | None
) -> None:
    found = declare(key)
    assert (found.quantity, found.kind, found.unit) == (quantity, kind, unit)
    assert (found.minimum, found.maximum) == (minimum, maximum)


def test_caudal_gas_as_a_rate() -> None:
    found = declare("caudal_gas", "rate")
    assert (found.kind, found.unit, found.quantity) == ("rate", "m3/h", "gas")
    assert declare("caudal_biol", "rate").kind == "increment"


REASONS = {
    "bad_topic", "too_large", "not_utf8", "not_json", "not_object", "empty", "boolean", "not_finite", "null",
    "not_number",     "out_of_range", "too_many_channels", "bad_key", "bad_status",
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters()) | st.sampled_from(["ts", "a"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(
    topic=st.sampled_from([TELEMETRY, "finca/n1/status", "Prueba", "Biogestor/x"]) | st.text(),
    payload=st.binary() | JSON.map(lambda body: json.dumps(body).encode()),
)
def test_arbitrary_bytes_never_raise(topic: str, payload: bytes) -> None:
    decoded = decode(topic, payload, NOW, LIMITS)
    assert {reason for reason, _ in decoded.refused} <= REASONS
    assert decoded.samples or decoded.refused or decoded.online is not None
    assert all(abs(value) <= 1e12 for _, values in decoded.samples for value in values.values())
