"""The extensions, one object each, and the one function that binds them to an application."""

import sqlite3
from contextvars import ContextVar
from typing import Any

from flask import Flask, Response, current_app, g
from flask_caching import Cache
from flask_cors import CORS
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sock import Sock
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase

from app.core import folding, pooling, redis_places
from app.core.database_hosts import Hosts
from app.core.database_patience import GREETING_S, LONG_S
from app.core.leases import SCHEME
from app.core.live_queue import LiveQueue
from app.core.settings import ROOT, Settings

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


ALLOWED_HEADERS = [
    *(
        "Content-Type",
        "Authorization",
        "Accept",
        "Cache-Control",
        "If-None-Match",
        "If-Modified-Since",
        "If-Match",
    ),
    *("X-CSRF-Token", "X-Requested-With", "X-Request-ID", "Idempotency-Key"),
]
EXPOSED_HEADERS = [
    *("ETag", "Last-Modified", "Retry-After", "Content-Disposition", "X-Total-Count", "X-Has-More"),
    *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-API-Version", "X-Request-ID"),
    "X-Server-Id",
    *("X-Cache-Status", "X-Cache-Strategy", "Idempotency-Replayed"),
]


class Base(DeclarativeBase):
    """Every table of every room; constraint names are fixed so that migrations can find them."""

    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base)
migrate = Migrate(directory=str(ROOT / "migrations"), render_as_batch=True)
cache = Cache()
cors = CORS()
socketio = SocketIO()
sock = Sock()

# True while a door intends to write: SQLite then takes its write lock at once instead of failing on upgrade.
writing: ContextVar[bool] = ContextVar("writing", default=False)


def _who() -> str:
    """Limits count by person where the guard knows one, else by address. Must never raise: that lifts the limit."""
    principal = g.get("principal")
    return f"person:{principal.id}" if principal else get_remote_address()


limiter = Limiter(key_func=_who)
IDLE_RETRY = "X-RateLimit-Retry-After"
SHORT_S = 0.2
SHORT = {"socket_connect_timeout": SHORT_S, "socket_timeout": SHORT_S}


def init_app(app: Flask, settings: Settings) -> None:
    """Binds every extension; nothing here connects to anything yet."""
    app.config.from_mapping(_config(settings))
    app.after_request(_drop_idle_retry)
    db.init_app(app)
    migrate.init_app(app, db)
    cache.init_app(app)
    cors.init_app(app, **_cors(settings))
    sock.init_app(app)
    socketio.init_app(
        app,
        async_mode=_async_mode(),
        transports=["websocket"],
        client_manager=LiveQueue(settings.redis_url) if settings.redis_url else None,
        cors_allowed_origins=settings.cors_origins or None,
        ping_interval=20,
        ping_timeout=20,
        max_http_buffer_size=64 * 1024,
    )


def _drop_idle_retry(response: Response) -> Response:
    """Flask-Limiter tells on every answer when to come back, and would overwrite what a refusal itself says."""
    response.headers.pop(IDLE_RETRY, None)
    return response


def current_settings() -> Settings:
    """The settings of the application at work; for services, which do not know Flask."""
    found: Settings = current_app.config["SETTINGS"]
    return found


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "SETTINGS": settings,
        "TESTING": settings.flask_env == "testing",
        "SECRET_KEY": settings.signing_key,
        "MAX_CONTENT_LENGTH": settings.max_request_mb * 1024 * 1024,
        "MAX_JSON_BYTES": settings.max_json_kb * 1024,
        "SQLALCHEMY_DATABASE_URI": settings.database_uri,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings),
        "RESTX_ERROR_404_HELP": False,
        "RESTX_MASK_SWAGGER": False,
        "RESTX_INCLUDE_ALL_MODELS": True,
        "ERROR_INCLUDE_MESSAGE": False,
        "SOCK_SERVER_OPTIONS": {"ping_interval": 25, "max_message_size": 64 * 1024},
        "RATELIMIT_DEFAULT": settings.rate_limit,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": True,
        "RATELIMIT_HEADERS_ENABLED": True,
        "RATELIMIT_HEADER_RETRY_AFTER": IDLE_RETRY,
        "CACHE_KEY_PREFIX": "backfinca:",
        "CACHE_DEFAULT_TIMEOUT": 600,
        **_memory(settings.redis_url),
    }


def _memory(redis_url: str | None) -> dict[str, Any]:
    """Where answers are kept and limits counted."""
    if not redis_url:
        return {"CACHE_TYPE": "SimpleCache", "RATELIMIT_STORAGE_URI": "memory://"}
    if not redis_places.is_sentinel(redis_url):
        return {
            "CACHE_TYPE": "RedisCache",
            "CACHE_REDIS_URL": redis_url,
            "CACHE_OPTIONS": SHORT,
            "RATELIMIT_STORAGE_URI": SCHEME + redis_url,
            "RATELIMIT_STORAGE_OPTIONS": SHORT,
        }
    master = redis_places.client(redis_url, connect_s=SHORT_S, answer_s=SHORT_S)
    return {
        "CACHE_TYPE": "RedisCache",
        "CACHE_REDIS_HOST": master,
        # The library takes the connections as they are; it wants an address all the same.
        "RATELIMIT_STORAGE_URI": f"{SCHEME}redis://sentinel",
        "RATELIMIT_STORAGE_OPTIONS": {"connection_pool": master.connection_pool},
    }


def _engine_options(settings: Settings) -> dict[str, Any]:
    # Errors are logged with the statement, and values may be what nobody should read.
    quiet = {"hide_parameters": True}
    if settings.database_uri.startswith("sqlite"):
        return {**quiet, "connect_args": {"timeout": 15, "check_same_thread": False}}
    connecting = {
        "connect_timeout": GREETING_S,
        "write_timeout": LONG_S,
        "autocommit": True,
        # Each batch or request must see what committed before it, and nothing needs gap locks.
        "init_command": "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    }
    return {
        **quiet,
        **pooling.options(settings.db_pool_size),
        "creator": Hosts(settings.database_uri, settings.database_hosts, **connecting),
    }


def _cors(settings: Settings) -> dict[str, Any]:
    return {
        "resources": r"/*",
        "origins": settings.cors_origins or [],
        "supports_credentials": "*" not in settings.cors_origins,
        "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        "allow_headers": ALLOWED_HEADERS,
        "expose_headers": EXPOSED_HEADERS,
    }


def _async_mode() -> str:
    """gevent where the process has been patched (gunicorn), plain threads elsewhere."""
    from gevent import monkey

    return "gevent" if monkey.is_module_patched("socket") else "threading"


@event.listens_for(Engine, "connect")
def _set_pragmas(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.create_function(folding.SQL_NAME, 1, folding.folded, deterministic=True)


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing.get() else "BEGIN")
