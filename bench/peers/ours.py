"""BackFinca as it is, with one route more: an empty answer behind the guard, the limits and the headers."""

from app import create_app
from app.core.access import allow

app = create_app()


@allow("records.view")
def empty() -> str:
    """Nothing, for who may read records."""
    return ""


app.add_url_rule("/bench/empty", "bench-empty", empty)
