"""Unexpected errors told to a Sentry-like service, where SENTRY_DSN names one and its package is installed.

What is told: the error, where in the code, the route, the trace id. Not told: bodies, query strings, headers, cookies,
addresses, variables; and in texts nothing that looks like a token, a password in an address, or an e-mail.
"""

import logging
import re
from importlib import import_module
from typing import Any

from app.core.logs import route, trace_id
from app.core.settings import Settings

log = logging.getLogger("backfinca")
PACKAGE = "sentry_sdk"
HIDDEN = "[oculto]"
SECRETS = (
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),
    re.compile(r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"),
    re.compile(r"(?i)(?<=bearer )\S+"),
    re.compile(
        r"(?i)(?<=password[=:])\S+|(?<=token[=:])\S+|(?<=secret[=:])\S+|(?<=sig[=:])\S+|(?<=key[=:])\S+"
    ),
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
)
REQUEST_KEPT = ("method",)
PARTS_DROPPED = ("user", "breadcrumbs", "extra", "modules", "server_name")


def configure(settings: Settings) -> None:
    """Begins to tell errors, once a process; a missing package is said in the log and changes nothing else."""
    if not settings.sentry_dsn:
        return
    try:
        sentry = import_module(PACKAGE)
    except ImportError:
        log.warning("SENTRY_DSN is set, but the package sentry-sdk is not installed: errors are only logged")
        return
    sentry.init(
        dsn=settings.sentry_dsn,
        environment=settings.flask_env,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        # Of the rest (Redis, SQLAlchemy, ...) only the library of logs speaks: errors are logged once, in core.http.
        auto_enabling_integrations=False,
        before_send=lambda event, _hint: scrubbed(event),
    )
    sentry.set_tag("server_id", settings.server_id)


def scrubbed(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what is nobody else's business, with the trace id that the log has too."""
    kept = {name: value for name, value in event.items() if name not in PARTS_DROPPED}
    if "request" in kept:
        kept["request"] = {name: kept["request"][name] for name in REQUEST_KEPT if name in kept["request"]}
    kept["tags"] = {**dict(kept.get("tags") or {}), "trace_id": trace_id.get(), "route": route.get()}
    found: dict[str, Any] = _hidden(kept)
    return found


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(one) for name, one in value.items() if name != "vars"}
    if isinstance(value, list | tuple):
        return [_hidden(one) for one in value]
    if isinstance(value, str):
        for pattern in SECRETS:
            value = pattern.sub(HIDDEN, value)
    return value
