"""HTTP door of analytics."""

from typing import Any

from flask_restx import Namespace, Resource

from app.analytics.history import history
from app.analytics.schemas import HistoryIn, HistoryOut
from app.core.access import allow
from app.core.cache import conditional
from app.core.http import asks, gives, paged, written

ns = Namespace("analytics", description="Cifras de la finca")

HISTORY_TABLES = (
    *("animals", "animal_fields", "animal_images", "animal_diseases", "animal_status_changes", "animal_tags"),
    *("breeds", "controls", "diseases", "fields", "genetic_improvements", "medications", "treatments"),
    *("treatment_medications", "treatment_vaccines", "users", "vaccinations", "vaccines"),
)


@ns.route("/animals/<int:id>/history")
class AnimalHistory(Resource):
    """An animal's life."""

    @allow("records.view")
    @conditional(*HISTORY_TABLES)
    @asks(HistoryIn)
    @gives(HistoryOut)
    def get(self, query: HistoryIn, id: int) -> Any:
        """Everything that was recorded of an animal, the newest first, with how many of each kind."""
        found, total = history(id, query.since, query.until, query.kinds, query.page, query.limit)
        return paged(written(HistoryOut, found), query.page, query.limit, total)
