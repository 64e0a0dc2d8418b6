"""A database on several hosts (`mysql+pymysql://user:password@host1:3306,host2:3306/farm`): the first that answers.

Meant for a Galera cluster. All processes prefer the same host, because writes of several nodes to one row meet only at
the commit, where one of them is undone. A host that failed is asked last for a while.
"""

import re
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import make_url

from app.core.database_patience import Wire

HOSTS = re.compile(r"^(?P<before>[a-z+]+://(?:[^/@]*@)?)(?P<hosts>[^/?@]+,[^/?@]+)(?P<after>(?:[/?].*)?)$")
PORT = 3306
AVOIDED_S = 30.0
UNKNOWN_VARIABLE = 1193

Host = tuple[str, int]


def hosts_of(url: str) -> list[Host]:
    """The hosts of an address that names several; none when it names one."""
    match = HOSTS.match(url)
    return [_host(text) for text in match["hosts"].split(",")] if match else []


def with_first_host(url: str) -> str:
    """The same address with its first host alone, as SQLAlchemy can read it."""
    return HOSTS.sub(lambda m: f"{m['before']}{m['hosts'].split(',')[0]}{m['after']}", url)


def _host(text: str) -> Host:
    host, _, port = text.strip().partition(":")
    return host, int(port or PORT)


class Hosts:
    """Connects to the first host that answers, or to the one there is; what SQLAlchemy calls a creator."""

    def __init__(self, url: str, hosts: Sequence[Host], **options: Any) -> None:
        plain = make_url(url)
        dialect: Any = plain.get_dialect()
        self._driver = dialect.import_dbapi()
        # As SQLAlchemy would: among other things it asks for the rows that matched, not those that changed.
        _, given = dialect(dbapi=self._driver).create_connect_args(plain)
        self._only = None if hosts else {**given, **options}
        self._given = {name: value for name, value in given.items() if name not in ("host", "port")} | options
        self._hosts = list(hosts)
        self._avoided: dict[Host, float] = {}
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        """A connection. Raises what the last host said when none answers."""
        if self._only is not None:
            return Wire(**self._only)
        failure: Exception | None = None
        for host in self.in_order():
            try:
                return self._ready(Wire(host=host[0], port=host[1], **self._given))
            except self._driver.OperationalError as error:
                failure = error
                self._avoid(host)
        raise failure or AssertionError("no host")

    def in_order(self) -> list[Host]:
        """The hosts as they will be asked: in their order, those that failed a moment ago last."""
        now = time.monotonic()
        with self._lock:
            return sorted(self._hosts, key=lambda host: self._avoided.get(host, 0.0) > now)

    def _avoid(self, host: Host) -> None:
        with self._lock:
            self._avoided[host] = time.monotonic() + AVOIDED_S

    def _ready(self, connection: Any) -> Any:
        """A node that lost its cluster lets us in and answers nothing. And what another node has committed must be
        seen here at once: what is cached is cached by when it was changed."""
        try:
            with connection.cursor() as cursor:
                self._await_others(cursor)
                cursor.execute("SELECT 1")
        except BaseException:
            connection.close()
            raise
        return connection

    def _await_others(self, cursor: Any) -> None:
        try:
            cursor.execute("SET SESSION wsrep_sync_wait = 1")
        except self._driver.OperationalError as error:
            # MySQL without Galera knows no such thing.
            if error.args[0] != UNKNOWN_VARIABLE:
                raise
