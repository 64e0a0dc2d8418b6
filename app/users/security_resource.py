"""HTTP door of the server's security, for administrators: figures, alerts, a review."""

from typing import Any

from flask_restx import Namespace, Resource
from pydantic import Field

from app.core import times
from app.core.access import allow
from app.core.http import asks, gives
from app.core.shapes import Moment, Shape
from app.users import guard, security

ns = Namespace("security", description="Seguridad")


class SecurityMetricsOut(Shape):
    """What has happened at the door."""

    total_login_attempts: int
    failed_login_attempts: int
    success_rate: float
    suspicious_activities: int
    rate_limit_violations: int
    malicious_content_blocks: int
    active_sessions: int
    last_security_scan: Moment | None


class SecurityAlertOut(Shape):
    """An incident."""

    timestamp: Moment
    level: str
    message: str
    type: str
    user_id: int | None
    address: str | None


class SecurityAlertsQuery(Shape):
    """How many alerts."""

    limit: int = Field(default=50, ge=1, le=1000)


class SecurityFindingOut(Shape):
    """Something that could be better."""

    level: str
    type: str
    message: str


class SecurityScanOut(Shape):
    """A review."""

    scanned_at: Moment
    findings: list[SecurityFindingOut]


@ns.route("/metrics")
class Metrics(Resource):
    """The figures."""

    @allow("security.view")
    @gives(SecurityMetricsOut)
    def get(self) -> Any:
        """Logins, refusals and open sessions."""
        guard.store_incidents()
        return security.metrics()


@ns.route("/alerts")
class Alerts(Resource):
    """The incidents."""

    @allow("security.view")
    @asks(SecurityAlertsQuery)
    @gives(SecurityAlertOut, many=True)
    def get(self, query: SecurityAlertsQuery) -> Any:
        """The newest incidents."""
        guard.store_incidents()
        return security.alerts(query.limit)


@ns.route("/scan")
class Scan(Resource):
    """The review."""

    @allow("security.view")
    @gives(SecurityScanOut, "Revisión hecha")
    def post(self) -> Any:
        """Review settings and accounts."""
        return {"scanned_at": times.now(), "findings": security.scan(guard.present().id)}
