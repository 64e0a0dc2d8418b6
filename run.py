"""The development door: `python run.py` serves the API; `python run.py --demo` a whole farm to try out."""

import argparse
import signal
import sys
from typing import Any

from flask import Flask

from app import create_app, wiring
from app.core import schema
from app.core.extensions import db, socketio
from app.core.settings import Settings, SettingsError, load_settings


def main() -> None:
    """Serves over HTTP, over HTTPS with a certificate made for the occasion, or with the one of the settings."""
    parser = argparse.ArgumentParser(description="BackFinca, servidor de desarrollo")
    parser.add_argument("--demo", action="store_true", help="finca de demostración, broker y simulador")
    options = parser.parse_args()
    # Told to end, or left by its terminal, it takes broker and simulator along, as it does by Ctrl-C; under `nohup` it
    # stays.
    for told in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(told) is not signal.SIG_IGN:
            signal.signal(told, lambda *_: sys.exit(0))
    try:
        if options.demo:
            from scripts.demo import farm

            with farm() as app:
                serve(app)
        else:
            serve(_ready(create_app(load_settings())))
    except SettingsError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass


def _ready(app: Flask) -> Flask:
    """The embedded database is ours to migrate; on a server somebody decides when (`flask db upgrade`)."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            schema.bring_up_to_date()
    return app


def serve(app: Flask) -> None:
    """Runs the server until it is stopped."""
    settings: Settings = app.config["SETTINGS"]
    wiring.start_background(app)
    try:
        print(f" * {address(settings)}/api/v1/  (Ctrl-C para detener)", flush=True)
        socketio.run(
            app,
            host=settings.host,
            port=settings.port,
            allow_unsafe_werkzeug=True,
            use_reloader=False,
            **_tls(settings),
        )
    finally:
        wiring.stop_background(app)


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = "localhost" if settings.host in ("0.0.0.0", "127.0.0.1") else settings.host
    return f"{'https' if settings.use_https else 'http'}://{host}:{settings.port}"


def _tls(settings: Settings) -> dict[str, Any]:
    if not settings.use_https:
        return {}
    if settings.ssl_cert_file and settings.ssl_key_file:
        return {"ssl_context": (settings.ssl_cert_file, settings.ssl_key_file)}
    return {"ssl_context": "adhoc"}


if __name__ == "__main__":
    main()
