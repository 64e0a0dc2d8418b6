"""HTTP door of what people keep for themselves."""

from flask_restx import Namespace

from app.users import preference_models  # noqa: F401

ns = Namespace("preferences", description="Favoritos e historial de cada persona")
