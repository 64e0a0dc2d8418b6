"""Questions asked again: the same request in every word, under the same stamps, gets the same answer at once.

Screens ask the same every few seconds, and to find out from the beginning who asks, for what and whether they may costs
many times what it takes to see that nothing has changed. So the door remembers for a minute what an answer rests
on: the stamps of people, rights, sessions and of the tables shown, the day, the token's end. While all of it holds,
nothing that a request goes through could come to another answer. What is due at each request is done here too: it is
counted against its limits, in the figures and in the log. Everything else goes the long way.

`cache` says what may be remembered (`Note`); answers with a body are found on its shelf.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import date
from threading import Lock
from typing import Any, NamedTuple

from limits import RateLimitItem
from redis import RedisError

from app.core import observability, stamps, times
from app.core.bodies import shelf
from app.core.extensions import limiter
from app.core.settings import Settings

# A list in the environment, since what stands between may pass a copy of that on.
NOTES = "backfinca.notes"
SECONDS = 60.0
MOST = 2000
Headers = list[tuple[str, str]]
Limit = tuple[RateLimitItem, list[str]]
# They are another request's own, or told anew.
OWN = ("x-request-id", "x-ratelimit-", "x-cache-status")


class Note(NamedTuple):
    """What an answer rests on. `tag` names its body on the shelf, '' when it has none; the first limit is told."""

    ground: stamps.Ground
    day: date
    expires_at: int
    tag: str
    limits: tuple[Limit, ...]
    route: str


class Memo(NamedTuple):
    """An answer without its body; `until` in monotonic seconds."""

    note: Note
    status: str
    headers: Headers
    until: float
    settings: Settings


class Recall:
    """WSGI middleware around all that `app`, the Flask application, has around it when this is made.

    What those make of a request depends on nothing but its own words, so they need not be asked again either.
    """

    def __init__(self, app: Any) -> None:
        self._app, self._wsgi_app = app, app.wsgi_app
        self._memos: OrderedDict[Any, Memo] = OrderedDict()
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The answer remembered, or that of the application."""
        question = _question(environ)
        if question is None:
            return self._wsgi_app(environ, start_response)  # type: ignore[no-any-return]
        memo = self._memos.get(question)
        if memo is not None:
            found = self._again(memo, environ)
            if found is not None:
                start_response(memo.status, found[0])
                return [found[1]]

        notes: list[Note] = []
        environ[NOTES] = notes

        def learn(status: str, headers: Headers, *error: Any) -> Any:
            for note in notes:
                self._learn(question, note, status, headers)
            return start_response(status, headers, *error)

        return self._wsgi_app(environ, learn)  # type: ignore[no-any-return]

    def _again(self, memo: Memo, environ: dict[str, Any]) -> tuple[Headers, bytes] | None:
        """The answer's headers and body, when all that it rests on holds and no limit is reached."""
        began, note = time.perf_counter(), memo.note
        if not self._holds(memo):
            return None
        kept = shelf.get(note.tag) if note.tag else None
        if note.tag and kept is None:
            return None
        limits = _counted(note.limits)
        if limits is None:
            return None
        cached = "HIT" if kept else "REVALIDATED"
        seen = observability.Seen(
            "GET", note.route, environ["PATH_INFO"], int(memo.status[:3]), cached.lower()
        )
        own = observability.note_recalled(self._app, seen, environ.get("HTTP_X_REQUEST_ID", ""), began)
        headers = [*memo.headers, *limits, ("X-Cache-Status", cached), ("X-Request-ID", own)]
        return headers, kept.body if kept else b""

    def _holds(self, memo: Memo) -> bool:
        note, now = memo.note, time.time()
        if time.monotonic() > memo.until or note.expires_at <= now:
            return False
        # Another configuration would have other keys, and another day.
        if self._app.config["SETTINGS"] is not memo.settings:
            return False
        if times.day_of_second(int(now), memo.settings.farm_timezone) != note.day:
            return False
        return stamps.holds(self._app, note.ground)

    def _learn(self, question: Any, note: Note, status: str, headers: Headers) -> None:
        if any(name.lower() == "set-cookie" for name, _ in headers):
            return
        kept = [(name, value) for name, value in headers if not name.lower().startswith(OWN)]
        until, settings = time.monotonic() + SECONDS, self._app.config["SETTINGS"]
        with self._lock:
            self._memos[question] = Memo(note, status, kept, until, settings)
            self._memos.move_to_end(question)
            while len(self._memos) > MOST:
                self._memos.popitem(last=False)


def _question(environ: dict[str, Any]) -> Any:
    """All that a request says, but its number; None for what is not simply asked."""
    if environ["REQUEST_METHOD"] != "GET" or environ.get("CONTENT_LENGTH", "") not in ("", "0"):
        return None
    said = [one for one in environ.items() if one[0].startswith("HTTP_") and one[0] != "HTTP_X_REQUEST_ID"]
    place = environ["wsgi.url_scheme"], environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    return (*place, environ.get("REMOTE_ADDR"), *said)


def _counted(limits: tuple[Limit, ...]) -> Headers | None:
    """Counts the request, and what is told of its first limit; None when one is reached or cannot be counted."""
    if not limits:
        return []
    try:
        if not all(limiter.limiter.hit(item, *args) for item, args in limits):
            return None
        item, args = limits[0]
        stats = limiter.limiter.get_window_stats(item, *args)
    except (RedisError, OSError):
        return None
    return [
        ("X-RateLimit-Limit", str(item.amount)),
        ("X-RateLimit-Remaining", str(stats.remaining)),
        ("X-RateLimit-Reset", str(int(stats.reset_time + 1))),
    ]
