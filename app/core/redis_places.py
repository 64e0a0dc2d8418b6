"""Where Redis is: one server (`redis://`, `rediss://`, `unix://`), or the master that Sentinels name.

    redis+sentinel://user:password@host1:26379,host2:26379/0/farm

means database 0 of the master `farm`; name and password are Redis' own. Every user of Redis gets its client here, but
for Socket.IO, which reads the same address itself.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

SCHEME = "redis+sentinel"
PORT = 26379


def is_sentinel(url: str) -> bool:
    """Whether the address names Sentinels."""
    return url.startswith(f"{SCHEME}://")


def client(url: str, *, connect_s: float, answer_s: float | None = None) -> Redis:
    """A client that connects on first use and tries once; Sentinels are asked anew who is master when one leaves.

    `answer_s` None: as patient as the library, for those who wait for news.
    """
    waits = {"socket_connect_timeout": connect_s} | ({"socket_timeout": answer_s} if answer_s else {})
    options: dict[str, Any] = {**waits, "retry": Retry(NoBackoff(), 0)}
    if not is_sentinel(url):
        return Redis.from_url(url, **options)
    sentinels, master, own = parsed(url)
    asked = Sentinel(sentinels, sentinel_kwargs=waits, **own, **options)  # type: ignore[no-untyped-call]
    found: Redis = asked.master_for(master)  # type: ignore[no-untyped-call]
    return found


def parsed(url: str) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """The Sentinels, the master's name, and how to speak to it. Raises ValueError, which names no password."""
    parts = urlsplit(url)
    who, _, places = parts.netloc.rpartition("@")
    database, _, master = parts.path.strip("/").partition("/")
    if not places or not master or not database.isdecimal():
        raise ValueError("redis+sentinel://host:port,host:port/database/master")
    user, _, password = who.partition(":")
    own = {"username": unquote(user) or None, "password": unquote(password) or None, "db": int(database)}
    return [_place(place) for place in places.split(",")], master, own


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return (host, int(port)) if host else (text, PORT)
