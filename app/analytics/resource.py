"""HTTP door of analytics."""

from flask_restx import Namespace

ns = Namespace("analytics", description="Cifras de la finca")
