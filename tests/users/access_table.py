"""Who may knock at which door, as the farm wants it: method and route -> the lowest role that is let in.

A route without a line here fails the suite: whoever adds one says whom it is for. What a service refuses beyond the
door (other people's data, closed fillings) is tested with that service.
"""

from app.users.permissions import Role

EVERYBODY = None
APPRENTICE, INSTRUCTOR, ADMIN = Role.APPRENTICE, Role.INSTRUCTOR, Role.ADMIN

_CRUD = {
    "GET {0}": APPRENTICE,
    "POST {0}": INSTRUCTOR,
    "GET {0}/<int:id>": APPRENTICE,
    "PUT {0}/<int:id>": INSTRUCTOR,
    "PATCH {0}/<int:id>": INSTRUCTOR,
    "DELETE {0}/<int:id>": ADMIN,
    "GET {0}/<int:id>/dependencies": APPRENTICE,
    "POST {0}/batch-dependencies": APPRENTICE,
    "POST {0}/bulk": INSTRUCTOR,
    "GET {0}/stats": APPRENTICE,
    "GET {0}/metadata": APPRENTICE,
    "POST {0}/import": INSTRUCTOR,
    "GET {0}/template": APPRENTICE,
}


def _crud(path: str) -> dict[str, Role | None]:
    return {line.format(path): role for line, role in _CRUD.items()}


def _work(path: str) -> dict[str, Role | None]:
    """Records of work done, which apprentices write too."""
    made = _crud(path)
    return {
        line: APPRENTICE if line.startswith("POST ") and role is INSTRUCTOR else role
        for line, role in made.items()
    }


_API: dict[str, Role | None] = {
    "GET /": EVERYBODY,
    "GET /health": EVERYBODY,
    "GET /swagger.json": EVERYBODY,
    "POST /auth/login": EVERYBODY,
    "POST /auth/logout": EVERYBODY,
    "GET /auth/refresh": EVERYBODY,
    "POST /auth/refresh": EVERYBODY,
    "POST /auth/recover": EVERYBODY,
    "POST /auth/reset-password": EVERYBODY,
    "POST /auth/change-password": APPRENTICE,
    "POST /auth/logout-all": APPRENTICE,
    "GET /auth/me": APPRENTICE,
    "GET /auth/sessions": APPRENTICE,
    "DELETE /auth/sessions/<int:session_id>": APPRENTICE,
    "POST /users/public": EVERYBODY,
    "GET /users": APPRENTICE,
    "POST /users": ADMIN,
    "GET /users/<int:id>": APPRENTICE,
    "PUT /users/<int:id>": APPRENTICE,
    "PATCH /users/<int:id>": APPRENTICE,
    "DELETE /users/<int:id>": ADMIN,
    "POST /users/<int:id>/approve": ADMIN,
    "POST /users/<int:id>/reject": ADMIN,
    "GET /users/<int:id>/dependencies": ADMIN,
    "POST /users/batch-dependencies": ADMIN,
    "POST /users/bulk": ADMIN,
    "GET /users/metadata": APPRENTICE,
    "GET /users/<int:id>/permissions": APPRENTICE,
    "PUT /users/<int:id>/permissions": ADMIN,
    "PATCH /users/<int:id>/permissions": ADMIN,
    "GET /users/pending": ADMIN,
    "GET /users/permissions": APPRENTICE,
    "GET /users/roles": APPRENTICE,
    "GET /users/statistics": APPRENTICE,
    "GET /users/stats": APPRENTICE,
    "GET /users/status": APPRENTICE,
    **_crud("/species"),
    **_crud("/breeds"),
    "GET /breeds/by-species/<int:id>": APPRENTICE,
    **_crud("/animals"),
    "GET /animals/status": APPRENTICE,
    "GET /animals/<int:id>/statuses": APPRENTICE,
    "GET /animals/<int:id>/growth": APPRENTICE,
    "GET /animals/<int:id>/inbreeding": APPRENTICE,
    "GET /animals/mating": APPRENTICE,
    "GET /animals/tree/ancestors": APPRENTICE,
    "GET /animals/tree/descendants": APPRENTICE,
    **_crud("/animal-tags"),
    "GET /animals/<int:id>/tags": APPRENTICE,
    "POST /animals/<int:id>/tags": INSTRUCTOR,
    "PUT /animals/tags/<int:id>": INSTRUCTOR,
    "GET /animals/lookup": APPRENTICE,
    **_crud("/controls"),
    "POST /controls": APPRENTICE,
    **_crud("/genetic-improvements"),
    "POST /genetic-improvements": APPRENTICE,
    "GET /security/alerts": ADMIN,
    "GET /security/metrics": ADMIN,
    "POST /security/scan": ADMIN,
    **_crud("/food_types"),
    **_crud("/fields"),
    **_crud("/diseases"),
    **_crud("/route-administrations"),
    **_crud("/medications"),
    **_crud("/vaccines"),
    **_work("/animal-fields"),
    **_work("/animal-diseases"),
    **_work("/vaccinations"),
    **_work("/treatments"),
    **_work("/treatment-medications"),
    **_work("/treatment-vaccines"),
    "POST /animal-fields/move": APPRENTICE,
    "GET /fields/head-counts": APPRENTICE,
    "GET /fields/<int:id>/animals": APPRENTICE,
    "GET /animals/<int:id>/location": APPRENTICE,
    "GET /route-administrations/active": APPRENTICE,
    "GET /route-administrations/search": APPRENTICE,
    "GET /medications/by-route/<int:id>": APPRENTICE,
    "GET /medications/with-route-administration": APPRENTICE,
    "GET /vaccines/by-route/<int:id>": APPRENTICE,
    "GET /vaccines/with-route-administration": APPRENTICE,
    "GET /vaccinations/due": APPRENTICE,
    "GET /animals/<int:id>/history": APPRENTICE,
    "GET /sensors": APPRENTICE,
    "POST /sensors": INSTRUCTOR,
    "GET /sensors/latest": APPRENTICE,
    "GET /sensors/rejects": INSTRUCTOR,
    "GET /sensors/stats": APPRENTICE,
    "GET /sensors/<string:name>": APPRENTICE,
    "PUT /sensors/<string:name>": INSTRUCTOR,
    "PATCH /sensors/<string:name>": INSTRUCTOR,
    "DELETE /sensors/<string:name>": ADMIN,
    "GET /sensors/<string:name>/readings": APPRENTICE,
    **_crud("/biogas/materials"),
    **_crud("/biogas/digesters"),
    **_crud("/biogas/fillings"),
    "GET /biogas/digesters/<int:id>/devices": APPRENTICE,
    "POST /biogas/fillings/<int:id>/close": INSTRUCTOR,
    "GET /biogas/fillings/<int:id>/production": APPRENTICE,
    "GET /biogas/fillings/<int:id>/summary": APPRENTICE,
    "GET /biogas/production/current": APPRENTICE,
    "POST /biogas/estimate": APPRENTICE,
    "GET /biogas/reports": APPRENTICE,
    "POST /biogas/reports": INSTRUCTOR,
    "GET /biogas/reports/<int:id>": APPRENTICE,
    "DELETE /biogas/reports/<int:id>": ADMIN,
    "POST /biogas/reports/<int:id>/regenerate": INSTRUCTOR,
    "GET /biogas/reports/<int:id>/download/<string:kind>": APPRENTICE,
    "POST /biogas/reports/by-range": APPRENTICE,
}

ACCESS: dict[str, Role | None] = {
    "GET /": EVERYBODY,
    "GET /health": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "GET /swaggerui-page.css": EVERYBODY,
    "GET /swaggerui-start.js": EVERYBODY,
    "GET /swaggerui/<path:filename>": EVERYBODY,
    "GET /web/<path:name>": EVERYBODY,
    "GET /ws/mqtt/": APPRENTICE,
    **{line.replace(" ", " /api/v1", 1): role for line, role in _API.items()},
}
