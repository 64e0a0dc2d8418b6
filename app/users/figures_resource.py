"""HTTP door of the figures about people: how many there are, by role and by status."""

from typing import Any

from flask_restx import Namespace, Resource

from app.core.access import allow
from app.core.cache import conditional
from app.core.http import gives
from app.users import counts
from app.users.schemas import PeopleRolesOut, PeopleStatisticsOut, PeopleStatusOut

figures = Namespace("people", description="Cuántas personas hay")


@figures.route("/statistics")
class PeopleStatistics(Resource):
    """People by role and by status."""

    @allow("dashboard.view")
    @conditional("users")
    @gives(PeopleStatisticsOut)
    def get(self) -> Any:
        """How many people, by role and by status."""
        return counts.statistics()


@figures.route("/status")
class PeopleStatus(Resource):
    """People by status."""

    @allow("dashboard.view")
    @conditional("users")
    @gives(PeopleStatusOut)
    def get(self) -> Any:
        """How many people are active."""
        return counts.by_status()


@figures.route("/roles")
class PeopleRoles(Resource):
    """People by role."""

    @allow("dashboard.view")
    @conditional("users")
    @gives(PeopleRolesOut)
    def get(self) -> Any:
        """How many people hold each role."""
        return counts.by_role()


@figures.route("/stats")
class PeopleStats(Resource):
    """The counters every resource has."""

    @allow("dashboard.view")
    @conditional("users")
    @gives(None)
    def get(self) -> Any:
        """How many people, active and new today."""
        return counts.totals()
