"""The application factory: settings, extensions, api, wiring; nothing else."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import api, cli, wiring
from app.core import armour, cache, extensions, health, http, metrics, observability, recall, transaction
from app.core.doubled_prefix import undoubled
from app.core.settings import Settings, load_settings
from app.users import guard


def create_app(settings: Settings | None = None) -> Flask:
    """A configured application. Connects to nothing and starts no thread, so it may be made before a fork."""
    settings = settings or load_settings()
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    app = Flask("app", instance_path=str(settings.instance_dir), static_folder=None)
    hops = settings.trusted_proxies
    app.config["SETTINGS"] = settings
    proxied = ProxyFix(recall.Recall(app), x_for=hops, x_proto=hops, x_host=hops)
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
    health.init_app(app, wiring.ingest_state)
    metrics.init_app(app)
    api.init_app(app)
    with app.app_context():
        cache.init_app(app)
    wiring.init_app(app)
    cli.init_app(app)
    return app
