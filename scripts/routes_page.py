"""Writes docs/routes.md, the page of the routes, from the code: `python -m scripts.routes_page`. A test compares."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.api import NAMESPACES
from app.core.access import Access, declared

PAGE = Path(__file__).resolve().parents[1] / "docs" / "routes.md"
HEAD = """# Routes

Every route under `/api/v1`: who may call it and what it does. Written by `python -m scripts.routes_page`: do not edit.
Shapes and a form to try each are in Swagger UI (`/api/v1/`); how all of them are called is in
[conventions.md](conventions.md); people, roles and permissions in [api.md](api.md).

Outside the Api: `/health` (also `/healthz`, `/health/ready`, under `/api/v1` too), `/metrics`
([operations.md](operations.md)), Socket.IO's `/live` and the earlier clients' `/ws/mqtt/` ([mqtt.md](mqtt.md)).
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    # Two namespaces may share a prefix; they are one family of routes then.
    for prefix in dict.fromkeys(path for _, path in NAMESPACES):
        lines += [f"## `{prefix}`\n", "| route | permission | |\n|---|---|---|"]
        lines += [row for namespace, path in NAMESPACES if path == prefix for row in _rows(namespace, prefix)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _rows(namespace: Any, prefix: str) -> Iterator[str]:
    for route in namespace.resources:
        for url in route.urls:
            path = prefix + re.sub(r"<\w+:(\w+)>", r"<\1>", url)
            for methods, handler in _handlers(route.resource):
                first_line = (handler.__doc__ or "").strip().splitlines()[0]
                yield f"| `{', '.join(methods)} {path}` | {_who(declared(handler))} | {first_line} |"


def _handlers(resource: Any) -> Iterator[tuple[list[str], Any]]:
    """The resource's handlers, each with its methods: PUT and PATCH are often one."""
    found: dict[Any, list[str]] = {}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if handler := getattr(resource, method.lower(), None):
            found.setdefault(handler, []).append(method)
    for handler, methods in found.items():
        yield methods, handler


def _who(access: Access | None) -> str:
    if access is None:
        return "nobody"
    words = {None: "everybody", "": "whoever is logged in"}
    needed = words.get(access.permission) or f"`{access.permission}`"
    return needed + (", or a signed link" if access.signed else "")


if __name__ == "__main__":
    PAGE.write_text(page())
