"""HTTP door of the activity trail."""

from flask_restx import Namespace

from app.activity import models  # noqa: F401

ns = Namespace("activity", description="Actividad: quién cambió qué")
