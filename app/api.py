"""The RESTX Api at /api/v1 and the one visible list of namespaces."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask
from flask_restx import Api, Namespace

from app.activity.events_resource import ns as events
from app.activity.resource import ns as activity
from app.analytics.resource import ns as analytics
from app.biogas.reports.resource import ns as reports
from app.biogas.resource import ns as biogas
from app.core import documentation, health, swagger
from app.core.docs_resource import ns as docs
from app.core.failures import answer
from app.core.importing.routes import ns as imports
from app.core.system_resource import ns as system
from app.core.transaction import transactional
from app.health.resource import ns as animal_health
from app.herd.animal_resource import ns as animals
from app.herd.image_resource import ns as images
from app.herd.image_resource import pictures
from app.herd.resource import ns as herd
from app.herd.status_resource import ns as statuses
from app.herd.tag_resource import ns as tags
from app.land.resource import ns as land
from app.sensors.resource import ns as sensors
from app.users.auth_resource import auth
from app.users.figures_resource import figures
from app.users.password_resource import passwords
from app.users.preference_resource import ns as preferences
from app.users.resource import users
from app.users.security_resource import ns as security
from app.web.resource import pages

NAMESPACES = [
    (auth, "/auth"),
    (passwords, "/auth"),
    (security, "/security"),
    (users, "/users"),
    (figures, "/users"),
    (preferences, ""),
    (imports, "/imports"),
    (docs, "/docs"),
    (activity, ""),
    (events, ""),
    (herd, ""),
    (animals, "/animals"),
    (statuses, "/animals"),
    (images, "/animal-images"),
    (tags, ""),
    (land, ""),
    (animal_health, ""),
    (analytics, ""),
    (sensors, "/sensors"),
    (biogas, "/biogas"),
    (reports, "/biogas/reports"),
    (system, "/system"),
]


class FarmApi(Api):
    """RESTX's Api with our one error shape instead of its own."""

    def handle_error(self, e: Exception) -> Any:
        """Answers every failure of its routes as the rest of the application does."""
        return answer(e)

    def ns_urls(self, ns: Namespace, urls: Iterable[str]) -> list[str]:
        """The empty path is a path too; RESTX would take the namespace's name instead."""
        path = self.get_ns_path(ns)
        return [(ns.path if path is None else path) + url for url in urls]


def init_app(app: Flask) -> None:
    """Mounts the Api, its documentation at /api/v1/ and every namespace."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    api = FarmApi(
        blueprint,
        version=health.VERSION,
        title="BackFinca",
        description=f"{app.config['SETTINGS'].farm_name}: el backend de la finca. "
        "Inicie sesión en /auth/login y pegue el token en «Authorize».",
        doc="/",
        decorators=[transactional],
        authorizations={"Bearer": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        security="Bearer",
    )
    for namespace, path in NAMESPACES:
        api.add_namespace(namespace, path=path)
    swagger.register(api)
    documentation.init_app(app, api)
    app.register_blueprint(blueprint)
    app.register_blueprint(pages)
    app.register_blueprint(pictures)
