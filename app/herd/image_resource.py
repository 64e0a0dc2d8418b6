"""HTTP door of the animals' pictures."""

from flask_restx import Namespace

ns = Namespace("animal-images", description="Fotos de los animales")
