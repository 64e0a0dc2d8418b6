"""HTTP door of the stream of changes."""

from flask_restx import Namespace

ns = Namespace("events", description="Cambios en vivo")
