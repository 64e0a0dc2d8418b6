"""GET /metrics for Prometheus, right under several workers. Counts nothing itself."""

import hmac
import os

from flask import Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.access import public
from app.core.errors import Unauthenticated
from app.core.extensions import limiter


def init_app(app: Flask) -> None:
    """Serves the figures; with METRICS_TOKEN set, only to those who bear it."""
    app.add_url_rule("/metrics", "metrics", limiter.exempt(metrics))


@public
def metrics() -> Response:
    """Every figure of every worker of this server, as Prometheus text."""
    token = current_app.config["SETTINGS"].metrics_token
    if token and not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}"):
        raise Unauthenticated("Las métricas piden su token")
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
