"""One client joins whole addresses to its base address: /api/v1/api/v1/... is served as /api/v1/..., not redirected."""

from collections.abc import Callable, Iterable
from typing import Any

PREFIX = "/api/v1"


def undoubled(application: Callable[..., Iterable[bytes]]) -> Any:
    """The application, seeing each address with its prefix once. Bodies and methods pass untouched."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        while path.startswith(f"{PREFIX}{PREFIX}/") or path == PREFIX * 2:
            path = path.removeprefix(PREFIX)
        environ["PATH_INFO"] = path
        return application(environ, start_response)

    return serve
