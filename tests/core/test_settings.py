"""Settings: where they come from, what they become, and what is refused before anything starts."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from app.core.settings import Settings, SettingsError, load_settings

KEY = "una clave de verdad, larga de más de treinta y dos"


def settings(**values: Any) -> Settings:
    return load_settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own configuration; an instance folder of the test's own."""
    for name in os.environ:
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.setenv("INSTANCE_DIR", str(tmp_path))


def test_a_bare_machine_needs_nothing(tmp_path: Path) -> None:
    found = settings()
    assert found.flask_env == "development"
    assert found.port == 8081
    assert found.database_uri == f"sqlite:///{tmp_path / 'backfinca.sqlite3'}"
    assert found.redis_url is None
    assert found.farm_timezone == "America/Bogota"
    assert found.mqtt_ingest == "off"


@pytest.mark.parametrize("key", [None, "", "corta", "x" * 31])
def test_production_needs_a_real_key(monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    monkeypatch.setenv("FLASK_ENV", "production")
    if key is not None:
        monkeypatch.setenv("JWT_SECRET_KEY", key)
    with pytest.raises(SettingsError, match="JWT_SECRET_KEY"):
        settings()


@pytest.mark.parametrize("origins", ["*", "https://finca.test, *"])
def test_production_names_its_origins(origins: str) -> None:
    with pytest.raises(SettingsError, match="CORS_ORIGINS"):
        settings(flask_env="production", jwt_secret_key=KEY, cors_origins=origins)


def test_production_with_all_it_needs() -> None:
    found = settings(
        flask_env="production", jwt_secret_key=KEY, cors_origins="https://a.test, https://b.test,"
    )
    assert found.signing_key == KEY
    assert found.cors_origins == ["https://a.test", "https://b.test"]


@pytest.mark.parametrize("name", ["SQLALCHEMY_DATABASE_URI", "DATABASE_URL"])
@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"])
def test_a_database_given_whole(monkeypatch: pytest.MonkeyPatch, name: str, scheme: str) -> None:
    monkeypatch.setenv(name, f"{scheme}://ana:secreta@db.test:3307/finca?charset=utf8mb4")
    monkeypatch.setenv("DB_HOST", "otra.test")
    assert settings().database_uri == "mysql+pymysql://ana:secreta@db.test:3307/finca?charset=utf8mb4"


def test_the_longer_name_goes_first() -> None:
    found = settings(sqlalchemy_database_uri="sqlite:///uno.db", database_url="sqlite:///dos.db")
    assert found.database_uri == "sqlite:///uno.db"


@pytest.mark.parametrize(
    "password", ["secreta", "", "p@ss:w/rd?#[%]", "con espacio", "a+b&c=d", "ñandú€", "100%25"]
)
def test_a_database_given_in_parts_survives_any_password(
    monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    parts = {"DB_HOST": "db.test", "DB_PORT": "3307", "DB_NAME": "finca", "DB_USER": "ana@casa"}
    for name, value in {**parts, "DB_PASSWORD": password}.items():
        monkeypatch.setenv(name, value)
    url = make_url(settings().database_uri)
    assert (url.drivername, url.host, url.port, url.database) == ("mysql+pymysql", "db.test", 3307, "finca")
    assert (url.username, url.password or "") == ("ana@casa", password)
    assert url.query == {"charset": "utf8mb4"}


def test_lists_may_be_empty_or_spaced() -> None:
    assert settings(cors_origins="").cors_origins == []
    assert settings(mqtt_topics=" a/+ ,, b/# ").mqtt_topics == ["a/+", "b/#"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "ochenta"),
        ("FLASK_ENV", "prod"),
        ("FARM_TIMEZONE", "Marte/Olimpo"),
        ("FARM_TIMEZONE", "../etc/passwd"),
        ("MQTT_INGEST", "a veces"),
        ("MQTT_BATCH_SIZE", "0"),
        ("USE_HTTPS", "quizás"),
        ("RAW_RETENTION_DAYS", "-1"),
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"(?i){name}"):
        settings()


def test_a_refusal_repeats_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_ENV", "production")
    monkeypatch.setenv("JWT_SECRET_KEY", "corta-pero-mía")
    monkeypatch.setenv("DB_PASSWORD", "muy-secreta")
    monkeypatch.setenv("PORT", "8081")
    with pytest.raises(SettingsError) as refusal:
        settings()
    chain = f"{refusal.value!r} {refusal.value} {refusal.value.__cause__}"
    assert "muy-secreta" not in chain
    assert "corta-pero-mía" not in chain


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "PORT", "CORS_ORIGINS"):
        monkeypatch.setenv(name, "")
    found = settings()
    assert (found.database_url, found.redis_url, found.port, found.cors_origins) == (None, None, 8081, [])


def test_a_file_of_settings_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("FARM_NAME=Finca de prueba\nPORT=9000\nNO_SUCH_SETTING=1\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "9001")
    found = load_settings(_env_file=file)
    assert (found.farm_name, found.port) == ("Finca de prueba", 9001)


def test_outside_production_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first = settings().signing_key
    assert len(first) >= 32
    assert settings().signing_key == first
    assert stat.S_IMODE((tmp_path / "jwt-secret").stat().st_mode) == 0o600


def test_every_setting_is_in_the_example() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if name.upper() not in example]
    assert missing == []
