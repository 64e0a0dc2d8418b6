"""HTTP door of what people keep for themselves, and of what they may reach."""

import re
from typing import Any

from flask import current_app
from flask_restx import Namespace, Resource

from app.core.access import allow
from app.core.cache import conditional
from app.core.http import gives, success, takes, written
from app.users import grants, preference_navigation, preferences
from app.users.guard import present
from app.users.preference_navigation import Addresses
from app.users.preference_schemas import (
    FavoriteIn,
    FavoriteOut,
    FavoritesOut,
    NavigationOut,
    PlaceIn,
    PlaceOut,
    ShortcutsOut,
    VisitVisitsOut,
)

ns = Namespace("preferences", description="Favoritos e historial de cada persona")
API = "/api/v1"
LIST = re.compile(r"api\.(.+)-(\w+)-list")


@ns.route("/preferences/favorites")
class Favorites(Resource):
    """One's favourites."""

    @allow("")
    @conditional("favorites")
    @gives(FavoritesOut)
    def get(self) -> Any:
        """All of them, newest first."""
        found = [_shown(row) for row in preferences.favorites(present().id)]
        return {"favorites": found, "count": len(found)}

    @allow("")
    @takes(FavoriteIn)
    @gives(FavoriteOut, "Favorito guardado", status=201)
    def post(self, body: FavoriteIn) -> Any:
        """Keep one; the same key again replaces it and answers 200."""
        row, new = preferences.keep(present().id, body.key, body.model_dump(exclude={"key"}))
        return success(written(FavoriteOut, _shown(row)), "Favorito guardado", status=201 if new else 200)

    @allow("")
    @gives(None, "Favoritos eliminados")
    def delete(self) -> Any:
        """Drop all of them."""
        return {"deleted": preferences.drop_all(present().id)}


@ns.route("/preferences/favorites/<int:id>")
class OneFavorite(Resource):
    """One favourite."""

    @allow("")
    @gives(None, "Favorito eliminado")
    def delete(self, id: int) -> Any:
        """Drop it."""
        preferences.drop(present().id, id)
        return {"deleted_id": id}


@ns.route("/preferences/history")
class History(Resource):
    """Where one has been."""

    @allow("")
    @conditional("visits")
    @gives(VisitVisitsOut)
    def get(self) -> Any:
        """The last hundred places, newest first."""
        found = [_shown(row) for row in preferences.visits(present().id)]
        return {"history": found, "count": len(found)}

    @allow("")
    @takes(PlaceIn)
    @gives(PlaceOut, "Visita guardada", status=201)
    def post(self, body: PlaceIn) -> Any:
        """Note a visit; the oldest give way."""
        return _shown(preferences.visit(present().id, body.model_dump()))


@ns.route("/navigation/structure")
class Structure(Resource):
    """What one may reach."""

    @allow("")
    @conditional(*grants.TABLES)
    @gives(NavigationOut)
    def get(self) -> Any:
        """The resources one may see, in groups, with what one may do there."""
        groups = preference_navigation.structure(present(), _addresses())
        return {"groups": groups, "count": sum(len(group["items"]) for group in groups)}


@ns.route("/navigation/quick-access")
class QuickAccess(Resource):
    """What one may do at once."""

    @allow("")
    @conditional(*grants.TABLES)
    @gives(ShortcutsOut)
    def get(self) -> Any:
        """Shortcuts: the dashboard, one's own activity, and what one may create."""
        found = preference_navigation.shortcuts(present(), _addresses())
        return {"shortcuts": found, "count": len(found)}


def _shown(row: Any) -> dict[str, Any]:
    return {**row.item, "id": row.id, "key": getattr(row, "key", None), "created_at": row.created_at}


def _addresses() -> Addresses:
    rules = [rule for rule in current_app.url_map.iter_rules() if rule.rule.startswith(API)]
    matches = [(LIST.fullmatch(rule.endpoint), rule.rule.removeprefix(API)) for rule in rules]
    lists = {match[2]: (match[1], path) for match, path in matches if match}
    return Addresses({path for _, path in matches}, lists)
