"""A duty is done by one at a time, and somebody else takes it over."""

import subprocess
import sys
import threading
from pathlib import Path

from app.core.duty import Duty

HOLDER = """
import sys, fcntl
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


class Worker:
    """Somebody who would do the duty."""

    def __init__(self, path: Path) -> None:
        self.began, self.ended = threading.Event(), threading.Event()
        self.duty = Duty(path, self.began.set, self.ended.set)
        self.duty.start()


def test_the_next_one_begins_when_the_first_has_ended(tmp_path: Path) -> None:
    first = Worker(tmp_path / "lock")
    assert first.began.wait(10)
    second = Worker(tmp_path / "lock")
    assert not second.began.wait(1.5)
    first.duty.stop()
    assert first.ended.is_set()
    assert second.began.wait(10)
    second.duty.stop()


def test_who_never_had_it_ends_nothing(tmp_path: Path) -> None:
    first, second = Worker(tmp_path / "lock"), None
    assert first.began.wait(10)
    second = Worker(tmp_path / "lock")
    second.duty.stop()
    assert not second.began.is_set()
    assert not second.ended.is_set()
    first.duty.stop()


def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        waiting = Worker(tmp_path / "lock")
        assert not waiting.began.wait(1.5)
        holder.kill()
        assert waiting.began.wait(10)
        waiting.duty.stop()
