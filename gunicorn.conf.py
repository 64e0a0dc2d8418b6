"""gunicorn's settings: gevent workers, recycled with jitter, stopped gracefully. `gunicorn -c gunicorn.conf.py wsgi:app`"""

# First of all: with --preload the application is imported here, before any worker could patch.
from gevent import monkey

monkey.patch_all()

import os
import shutil
import tempfile

from app.core.settings import load_settings

_settings = load_settings()

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{_settings.port}"
worker_class = "gevent"
# Without Redis the limits, stamps and live rooms live in one process, so there is only one.
workers = int(os.environ.get("WEB_CONCURRENCY", "2" if _settings.redis_url else "1"))
worker_connections = 3000
max_requests = 20_000
max_requests_jitter = 2_000
timeout = 60
graceful_timeout = 30
keepalive = 5
errorlog = "-"
loglevel = _settings.log_level.lower()
if _settings.use_https and _settings.ssl_cert_file:
    certfile, keyfile = _settings.ssl_cert_file, _settings.ssl_key_file

# Prometheus' figures of all workers meet in this folder; it must be named before the application is imported.
_figures = os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="backfinca-metrics-"))


def post_worker_init(worker):
    """A worker that is ready starts what runs beside its requests."""
    from app.wiring import start_background

    start_background(worker.wsgi)


def worker_exit(server, worker):
    """A worker that leaves first acknowledges and flushes what it holds."""
    from app.wiring import stop_background

    stop_background(worker.wsgi)


def child_exit(server, worker):
    """A worker that is gone takes its gauges with it."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server):
    """The figures' folder goes with the server."""
    shutil.rmtree(_figures, ignore_errors=True)
