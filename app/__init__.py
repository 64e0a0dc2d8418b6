"""The application and its factory: settings, extensions, api, wiring; nothing else."""

from typing import Any

from flask import Flask
from flask.sessions import NullSession, SessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from app import api, cli, wiring
from app.core import (
    armour,
    cache,
    extensions,
    failures,
    health,
    http,
    metrics,
    observability,
    recall,
    transaction,
)
from app.core.doubled_prefix import undoubled
from app.core.settings import Settings, load_settings
from app.users import guard


class NoSession(SessionInterface):
    """Flask's own sessions, in signed cookies: there are none, and nothing is spent on opening them."""

    def open_session(self, app: Flask, request: Any) -> NullSession:
        """An empty one that refuses to be written."""
        return self.make_null_session(app)

    def save_session(self, *_arguments: Any) -> None:
        """Nothing is kept."""


class Farm(Flask):
    """Flask without what nobody here uses."""

    session_interface = NoSession()

    def ensure_sync(self, func: Any) -> Any:
        """Nothing of ours is a coroutine, so none of the functions of a request is asked whether it is one."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """A configured application. Connects to nothing and starts no thread, so it may be made before a fork."""
    settings = settings or load_settings()
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    app = Farm("app", instance_path=str(settings.instance_dir), static_folder=None)
    hops = settings.trusted_proxies
    app.config["SETTINGS"] = settings
    proxied = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
    app.wsgi_app = undoubled(proxied)  # type: ignore[method-assign]
    observability.configure_logging(settings)
    extensions.init_app(app, settings)
    observability.init_app(app)
    armour.init_app(app)
    transaction.init_app(app)
    guard.init_app(app)
    # After the guard, so that a limit counts by person.
    extensions.limiter.init_app(app)
    http.init_app(app)
    failures.init_app(app)
    health.init_app(app, wiring.ingest_state)
    metrics.init_app(app)
    api.init_app(app)
    with app.app_context():
        cache.init_app(app)
    wiring.init_app(app)
    cli.init_app(app)
    # Stands before all that a request meets.
    app.wsgi_app = recall.Recall(app)  # type: ignore[method-assign]
    return app
