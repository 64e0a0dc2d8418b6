"""HTTP door of health."""

from flask_restx import Namespace

from app.health import models  # noqa: F401

ns = Namespace("health", description="Enfermedades, vacunas, medicamentos y tratamientos")
