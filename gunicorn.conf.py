"""gunicorn's settings: gevent workers, recycled with jitter, stopped gracefully. `gunicorn -c gunicorn.conf.py wsgi:app`"""

# First of all: with --preload the application is imported here, before any worker could patch.
from gevent import monkey

monkey.patch_all()

import gc
import os
import shutil
import tempfile
import threading
import time

from dotenv import dotenv_values

# Nothing of the application is imported here: a reload (SIGHUP) would keep the old code, and the figures their old place.
_settings = {**dotenv_values(".env"), **{name: value for name, value in os.environ.items() if value}}

bind = f"{_settings.get('HOST') or '0.0.0.0'}:{_settings.get('PORT') or 8081}"
worker_class = "gevent"
# Without Redis the limits, stamps and live rooms live in one process, so there is only one.
workers = int(_settings.get("WEB_CONCURRENCY") or (2 if _settings.get("REDIS_URL") else 1))
worker_connections = 3000
max_requests = int(_settings.get("MAX_REQUESTS") or 20_000)
max_requests_jitter = max_requests // 10
timeout = 60
graceful_timeout = 30
keepalive = 5
# Its default place is the same for all of a person's servers, and signals do what we need.
control_socket_disable = True
errorlog = "-"
loglevel = (_settings.get("LOG_LEVEL") or "info").lower()
if (_settings.get("USE_HTTPS") or "").lower() in ("1", "true", "yes", "on") and _settings.get(
    "SSL_CERT_FILE"
):
    certfile, keyfile = _settings["SSL_CERT_FILE"], _settings.get("SSL_KEY_FILE")

# Prometheus' figures of all workers meet in this folder; it must be named before the application is imported.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="backfinca-metrics-")
    os.environ["BACKFINCA_METRICS_OWNER"] = str(os.getpid())

# Each figure asks, at each step, whether it is still in the process that opened its file. The system is asked once a fork.
from prometheus_client import values

_process = {"id": os.getpid()}
os.register_at_fork(after_in_child=lambda: _process.update(id=os.getpid()))
values.ValueClass = values.MultiProcessValue(lambda: _process["id"])


def post_worker_init(worker):
    """A worker that is ready starts what runs beside its requests."""
    from app.wiring import start_background

    start_background(worker.wsgi)
    # What is loaded by now stays: the collector need not look through all of it again and again.
    gc.collect()
    gc.freeze()
    # A cold list leaves thousands of objects and hardly a cycle among them: looked for at every 700, as is the default,
    # the cycles cost a fifth of its time.
    gc.set_threshold(20_000, 20, 50)
    threading.Thread(target=_dismiss_screens, args=(worker,), name="farewell", daemon=True).start()


def _dismiss_screens(worker):
    """A worker told to leave waits for its requests; a WebSocket or a stream of events is one that never ends."""
    while worker.alive:
        time.sleep(0.2)
    while True:
        worker.wsgi.extensions["websockets"].dismiss_all()
        worker.wsgi.extensions["listeners"].dismiss_all()
        worker.wsgi.extensions["servers"].dismiss_all()
        time.sleep(0.5)


def worker_exit(server, worker):
    """A worker that leaves first acknowledges and flushes what it holds."""
    if getattr(worker, "wsgi", None) is not None:
        from app.wiring import stop_background

        stop_background(worker.wsgi)


def child_exit(server, worker):
    """A worker that is gone takes its gauges with it."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server):
    """The figures' folder goes with the server that made it."""
    if os.environ.get("BACKFINCA_METRICS_OWNER") == str(os.getpid()):
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
