"""HTTP door of the herd's plain records."""

from flask_restx import Namespace

from app.herd import models  # noqa: F401

ns = Namespace("herd", description="Especies, razas, controles y mejoras genéticas")
