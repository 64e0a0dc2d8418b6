"""HTTP door of the land."""

from flask_restx import Namespace

from app.land import models  # noqa: F401

ns = Namespace("land", description="Potreros, forrajes y ocupación")
