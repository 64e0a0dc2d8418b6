"""GET /metrics for Prometheus, right under several workers, and its text for other doors. Counts nothing itself."""

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
    require_bearer(current_app.config["SETTINGS"].metrics_token, request.headers.get("Authorization"))
    return Response(exposition(), content_type=CONTENT_TYPE_LATEST)


def require_bearer(token: str | None, authorization: str | None) -> None:
    """Raises Unauthenticated when there is a token and this header does not bear it."""
    if token and not hmac.compare_digest((authorization or "").encode(), f"Bearer {token}".encode()):
        raise Unauthenticated("Las métricas piden su token")


def exposition() -> bytes:
    """The figures as Prometheus reads them; of all workers, where there are several."""
    return generate_latest(_registry())


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
