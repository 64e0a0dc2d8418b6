"""One server process of the suite: its port, folder, life and end. Which servers there are: `servers`."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
READY_SECONDS = 60
STOP_SECONDS = 30


class ServerMissing(RuntimeError):
    """The program is not installed on this machine."""


class ServerFailed(RuntimeError):
    """The program ended, or did not answer in time; the message carries the end of its log."""


def find_program(*names: str) -> str:
    """Path of the first of `names` that is installed; Debian keeps servers off a user's PATH."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    raise ServerMissing(f"none of {', '.join(names)} is installed")


def free_port() -> int:
    """A port nobody listens on, below the range the kernel gives to outgoing connections.

    Inside that range, a client of a stopped server could take the server's port, or even connect to itself.
    """
    while True:
        port = random.randint(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


class Lifeline:
    """A shell that holds a pipe from us: when we die, however, it kills the server and removes its folder."""

    SCRIPT = 'read -r released || { kill -KILL "$1"; rm -rf "$2"; } 2>/dev/null'

    def __init__(self, pid: int, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", self.SCRIPT, "lifeline", str(pid), str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def release(self) -> None:
        """Tell the shell that the server has ended in good order."""
        self._shell.communicate(b"released\n")


class Server:
    """One server process: started, stopped, killed, frozen; started again on the same port with its data."""

    name = ""
    programs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.program = find_program(*self.programs)
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"finca-{self.name}-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: Lifeline | None = None
        self._prepared = False

    def prepare(self) -> None:
        """Lay what must exist in `folder` before the first start."""

    def command(self) -> list[str]:
        """The program and its arguments, running in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server does its work for a client by now."""
        raise NotImplementedError

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerFailed(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> Self:
        """Start, and return when it answers."""
        if not self._prepared:
            self.prepare()
            self._prepared = True
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._lifeline = Lifeline(self._process.pid, self.folder)
        try:
            self._await_answer()
        except ServerFailed:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """End it politely (SIGTERM), as a system's shutdown does; its data stay for the next start."""
        if not self.running:
            self._reap()
            return
        os.kill(self.pid, signal.SIGCONT)
        os.kill(self.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)  # type: ignore[union-attr]
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut does."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers. Returns when it stands still."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Stop politely and start again: same port, same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its folder, which otherwise goes with the last reference to this object."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._process = None
        if self._lifeline is not None:
            self._lifeline.release()
            self._lifeline = None

    def _await_answer(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not (self.answers() and self.running):
            if not self.running:
                raise ServerFailed(f"{self.name} ended at start:\n{self._log_end()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} did not answer in {READY_SECONDS} s:\n{self._log_end()}")
            time.sleep(0.02)

    def _log_end(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]
