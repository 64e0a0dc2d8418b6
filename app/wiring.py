"""Who hears what. Lower rooms are given the functions of higher ones here, and nowhere else."""

from typing import Any

from flask import Flask


def init_app(app: Flask) -> None:
    """Ties the rooms together."""
    app.extensions["ingest_state"] = ingest_state
    app.extensions["replay"] = lambda device: None


def ingest_state() -> dict[str, Any]:
    """What the way in of the readings tells of itself."""
    return {}


def start_background(app: Flask) -> None:
    """Starts what runs beside the requests."""


def stop_background(app: Flask) -> None:
    """Stops it."""
