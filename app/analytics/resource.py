"""HTTP door of analytics."""

from typing import Any

from flask_restx import Namespace, Resource

from app.analytics.history import history
from app.analytics.schemas import HistoryIn, HistoryOut
from app.core.access import allow
from app.core.cache import conditional
from app.core.http import asks, gives, success, written

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
        pages = -(-total // query.limit)
        pagination = {
            "page": query.page,
            "limit": query.limit,
            "total_items": total,
            "total_pages": pages,
            "has_next_page": query.page < pages,
            "has_previous_page": query.page > 1,
        }
        return success(written(HistoryOut, found), meta={"pagination": pagination})
