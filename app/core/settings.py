"""Typed settings from the environment and `.env`. Reads configuration; starts nothing."""

import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core import redis_places
from app.core.database_hosts import Host, hosts_of, with_first_host

ROOT = Path(__file__).resolve().parents[2]
MINIMUM_KEY_LENGTH = 32

CommaList = Annotated[list[str], NoDecode]


class SettingsError(RuntimeError):
    """The configuration cannot be used; the message says which setting and why."""


class Settings(BaseSettings):
    """Every setting of the application. Names are those of the environment, in lower case."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    flask_env: Literal["development", "production", "testing"] = "development"
    host: str = "127.0.0.1"
    port: int = 8081
    use_https: bool = False
    ssl_cert_file: str | None = None
    ssl_key_file: str | None = None
    instance_dir: Path = ROOT / "instance"
    media_dir: Path = ROOT / "media"

    sqlalchemy_database_uri: str | None = None
    database_url: str | None = None
    db_host: str | None = None
    db_port: int = 3306
    db_name: str = "backfinca"
    db_user: str = "backfinca"
    db_password: str = ""
    db_pool_size: int = Field(default=10, ge=1)

    backup_dir: Path = ROOT / "backups"
    backup_key: str | None = Field(default=None, min_length=16)
    backup_keep_daily: int = Field(default=7, ge=1)
    backup_keep_weekly: int = Field(default=4, ge=0)

    redis_url: str | None = None
    jwt_secret_key: str | None = None
    jwt_previous_keys: CommaList = []
    jwt_cookie_secure: bool | None = None
    jwt_cookie_samesite: Literal["Lax", "Strict", "None"] = "Lax"
    jwt_cookie_domain: str | None = None
    access_token_minutes: int = Field(default=60, ge=1)
    refresh_token_days: int = Field(default=30, ge=1)
    refresh_grace_seconds: int = Field(default=10, ge=0)
    reset_token_minutes: int = Field(default=30, ge=1)
    signed_url_minutes: int = Field(default=10, ge=1)
    trusted_proxies: int = Field(default=0, ge=0)
    cors_origins: CommaList = []
    api_base_url: str | None = None
    frontend_url: str | None = None
    backend_url: str | None = None
    log_level: str = "INFO"
    log_file: Path | None = None
    log_max_mb: int = Field(default=50, ge=0)
    log_keep: int = Field(default=5, ge=0)
    metrics_token: str | None = None
    slow_query_ms: int = Field(default=500, ge=0)
    sentry_dsn: str | None = None
    server_id: str = Field(default="0", pattern=r"^[\w.-]{1,64}$")
    rate_limit: str = "600 per minute"
    login_rate_limit: str = "10 per minute"
    login_address_rate_limit: str = "100 per minute"
    refresh_rate_limit: str = "120 per minute"
    recover_rate_limit: str = "10 per minute"
    password_rate_limit: str = "10 per minute"  # noqa: S105
    signup_rate_limit: str = "60 per hour"
    login_free_failures: int = Field(default=10, ge=1)
    login_delay_seconds: int = Field(default=30, ge=0)
    login_max_delay_seconds: int = Field(default=900, ge=0)
    max_request_mb: int = Field(default=16, ge=1)
    max_json_kb: int = Field(default=2048, ge=1)

    require_approval: bool = False
    public_user_creation_enabled: bool = True

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: str | None = None
    mail_from: str = "BackFinca <no-reply@localhost>"

    admin_identification: int | None = None
    admin_email: str | None = None
    admin_password: str | None = None

    farm_name: str = "Finca Villaluz"
    farm_timezone: str = "America/Bogota"
    inbreeding_warning: float = Field(default=0.0625, gt=0, le=1)
    inbreeding_limit: float = Field(default=0.125, gt=0, le=1)
    official_tag_pattern: str | None = None

    mqtt_url: str = "mqtt://localhost:1883"
    mqtt_topics: CommaList = ["finca/+/telemetry", "finca/+/status", "Prueba", "Biogestor/#"]
    mqtt_share_group: str | None = None
    mqtt_client_id: str = "backfinca-ingest"
    mqtt_ingest: Literal["inline", "process", "off"] = "off"
    ingest_port: int | None = Field(default=None, ge=0, le=65_535)
    mqtt_protocol: Literal["auto", "5", "3.1.1"] = "auto"
    mqtt_ca_file: str | None = None
    mqtt_cert_file: str | None = None
    mqtt_key_file: str | None = None
    mqtt_keepalive_s: int = Field(default=60, ge=5)
    mqtt_queue_size: int = Field(default=8000, ge=100)
    mqtt_batch_size: int = Field(default=500, ge=1)
    mqtt_batch_linger_ms: int = Field(default=20, ge=0)
    sensors_auto_register: bool = True
    sensors_max_devices: int = Field(default=1000, ge=1)
    sensors_max_channels: int = Field(default=64, ge=1)
    caudal_gas_kind: Literal["increment", "rate"] = "increment"
    reading_max_future_s: int = Field(default=300, ge=0)
    reading_max_age_days: int = Field(default=30, ge=0)
    raw_retention_days: int = Field(default=30, ge=1)
    rejects_kept: int = Field(default=1000, ge=1)
    live_interval_ms: int = Field(default=1000, ge=0)

    @field_validator("cors_origins", "mqtt_topics", "jwt_previous_keys", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("farm_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(value)
        except ZoneInfoNotFoundError:
            raise ValueError("not a known time zone")
        return value

    @field_validator("official_tag_pattern")
    @classmethod
    def _readable_pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @field_validator("redis_url")
    @classmethod
    def _readable_redis(cls, value: str | None) -> str | None:
        if value and redis_places.is_sentinel(value):
            redis_places.parsed(value)
        return value

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.flask_env != "production":
            return self
        if len(self.jwt_secret_key or "") < MINIMUM_KEY_LENGTH:
            raise ValueError(f"JWT_SECRET_KEY: production needs at least {MINIMUM_KEY_LENGTH} characters")
        if any(len(key) < MINIMUM_KEY_LENGTH for key in self.jwt_previous_keys):
            raise ValueError(f"JWT_PREVIOUS_KEYS: each needs at least {MINIMUM_KEY_LENGTH} characters")
        if "*" in self.cors_origins:
            raise ValueError("CORS_ORIGINS: production does not accept '*'; name each origin")
        return self

    @property
    def database_uri(self) -> str:
        """The SQLAlchemy URL: given whole, else built from `DB_*`, else SQLite in the instance folder.

        Of several hosts it names the first; `database_hosts` has them all.
        """
        if given := self._given_database:
            return with_first_host(_with_driver(given))
        if self.db_host:
            who = f"{quote(self.db_user, safe='')}:{quote(self.db_password, safe='')}"
            return f"mysql+pymysql://{who}@{self.db_host}:{self.db_port}/{self.db_name}?charset=utf8mb4"
        return f"sqlite:///{self.instance_dir / 'backfinca.sqlite3'}"

    @property
    def database_hosts(self) -> list[Host]:
        """The hosts of a database that has several, in their order; none when it has one."""
        return hosts_of(self._given_database or "")

    @property
    def _given_database(self) -> str | None:
        return self.sqlalchemy_database_uri or self.database_url

    @property
    def signing_key(self) -> str:
        """The key tokens are signed with; outside production one is made once and kept in the instance folder."""
        return self.jwt_secret_key or _kept_secret(self.instance_dir / "jwt-secret")

    @property
    def verifying_keys(self) -> list[str]:
        """Every key a signature is believed with: the present one, then those it has replaced."""
        return [self.signing_key, *self.jwt_previous_keys]


def load_settings(**overrides: Any) -> Settings:
    """Settings from environment and `.env`, with `overrides` on top. Raises SettingsError naming the setting."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        # Without what was given: among it are passwords and keys.
        found = [
            f"{'.'.join(map(str, wrong['loc'])).upper()} {wrong['msg']}"
            for wrong in error.errors(include_input=False, include_context=False, include_url=False)
        ]
        raise SettingsError(f"Configuración no válida: {'; '.join(found)}") from None


def _with_driver(url: str) -> str:
    for plain in ("mysql://", "mariadb://", "mariadb+pymysql://"):
        if url.startswith(plain):
            return "mysql+pymysql://" + url[len(plain) :]
    return url


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()
