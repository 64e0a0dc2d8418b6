"""The log: JSON lines on standard error, or in a file that several processes write and rotate together."""

import fcntl
import json
import logging
import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import orjson

from app.core import times
from app.core.settings import Settings

# Of the request at work: its id, and the template of its path.
trace_id: ContextVar[str] = ContextVar("trace_id", default="-")
route: ContextVar[str] = ContextVar("route", default="-")
MEGABYTE = 1024 * 1024


class JsonLines(logging.Formatter):
    """One JSON object a line, with the trace id of the request it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": times.iso_ms(int(record.created * 1000)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": trace_id.get(),
        }
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        except (TypeError, UnicodeError):
            # A number beyond 64 bits, or half a character.
            return json.dumps(line, ensure_ascii=True, default=str)


class SharedFile(logging.Handler):
    """A log file of several processes: no line is torn or lost, whoever rotates it.

    The library's rotating handler renames the file under the feet of the other processes, which go on writing into the
    old one and rotate it again. Here each line is one append; each process looks before it writes whether the file is
    still the one of that name; and one of them rotates, under a lock. Another program (logrotate) may do so as well.
    """

    def __init__(self, path: Path, largest: int, kept: int) -> None:
        super().__init__()
        self._path, self._largest, self._kept = path, largest, kept
        self._file = self._opened()

    def emit(self, record: logging.LogRecord) -> None:
        """Appends the record's line."""
        try:
            line = f"{self.format(record)}\n".encode()
            if not self._is_current():
                os.close(self._file)
                self._file = self._opened()
            os.write(self._file, line)
            if self._largest and os.fstat(self._file).st_size > self._largest:
                self._rotate()
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Lets go of the file."""
        self.acquire()
        try:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
        finally:
            self.release()
        super().close()

    def _opened(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # What people do here is nobody else's business.
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def _is_current(self) -> bool:
        if self._file < 0:
            return False
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._file))
        except FileNotFoundError:
            return False

    def _rotate(self) -> None:
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._is_current():
                self._shift()
        except BlockingIOError:
            pass  # Another process is at it; this one goes on writing and looks again at its next line.
        finally:
            os.close(lock)

    def _shift(self) -> None:
        """a.log becomes a.log.1, that one a.log.2, and so on; the oldest goes."""
        for number in range(self._kept - 1, 0, -1):
            older = Path(f"{self._path}.{number}")
            if older.exists():
                older.replace(f"{self._path}.{number + 1}")
        if self._kept:
            self._path.replace(f"{self._path}.1")
        else:
            self._path.unlink()


def configure(settings: Settings) -> None:
    """JSON lines, once a process; to standard error unless a file is named."""
    # No line says which thread or process wrote it, and finding out costs as much as the rest of a record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    if not any(isinstance(handler.formatter, JsonLines) for handler in logging.root.handlers):
        handler = _handler(settings)
        handler.setFormatter(JsonLines())
        logging.root.addHandler(handler)
    logging.root.setLevel(settings.log_level.upper())
    # It says at every start that it is not for production; docs/operations.md says it too.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


def _handler(settings: Settings) -> logging.Handler:
    if settings.log_file is None:
        return logging.StreamHandler(sys.stderr)
    return SharedFile(settings.log_file, settings.log_max_mb * MEGABYTE, settings.log_keep)
