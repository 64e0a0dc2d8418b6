"""An empty route in a Flask application that has nothing else."""

from flask import Flask

app = Flask(__name__)


@app.get("/empty")
def empty() -> str:
    """Nothing."""
    return ""
