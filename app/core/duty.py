"""A duty that one process of a machine does at a time; when it ends, however, the next one takes over."""

import fcntl
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

log = logging.getLogger("backfinca.duty")
ASK_AGAIN_S = 1.0


class Duty:
    """Holds an exclusive lock on a file while the duty is done. The kernel lets go of it for a process that died."""

    def __init__(self, path: Path, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._path = path
        self._begin = begin
        self._end = end
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._wait_for_it, name="duty", daemon=True)
        self._held: IO[bytes] | None = None

    def start(self) -> None:
        """Begins as soon as nobody else does it."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the duty if it is ours, then lets the next one have it."""
        self._stopping.set()
        self._thread.join()
        if self._held is not None:
            self._end()
            self._held.close()
            self._held = None

    def _wait_for_it(self) -> None:
        file = self._path.open("ab")
        while not _locked(file):
            if self._stopping.wait(ASK_AGAIN_S):
                file.close()
                return
        self._held = file
        self._begin()


def _locked(file: IO[bytes]) -> bool:
    # Asked again and again, not waited for: under gevent a waiting call would stop the whole worker.
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
