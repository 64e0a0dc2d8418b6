"""HTTP door of the web room: the live page at / and its files. The data they show need a token, like everybody's."""

from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, render_template, send_from_directory

from app.core.access import public
from app.core.extensions import limiter

pages = Blueprint("web", __name__, template_folder="templates")
STATIC = Path(__file__).with_name("static")


@pages.get("/")
@limiter.exempt
@public
def live_page() -> Any:
    """The live screen."""
    return render_template("live.html", farm_name=current_app.config["SETTINGS"].farm_name)


@pages.get("/web/<path:name>")
@limiter.exempt
@public
def asset(name: str) -> Any:
    """A script, style or picture of the page; browsers ask each time whether it changed."""
    response = send_from_directory(STATIC, name)
    response.headers["Cache-Control"] = "no-cache"
    return response
