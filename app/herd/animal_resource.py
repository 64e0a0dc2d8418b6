"""HTTP door of animals: records, pedigree, tags."""

from flask_restx import Namespace

ns = Namespace("animals", description="Animales, genealogía e identificación")
