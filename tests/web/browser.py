"""A real browser for the suite: headless Chromium, driven over its own DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket
from sensors.farmyard import wait_until
from server_process import ServerMissing, find_program


class PageFailed(AssertionError):
    """A script we ran in the page threw."""


class Browser:
    """One page of its own profile. `errors` holds whatever the page wrote to its console or failed to load."""

    def __init__(self) -> None:
        program = find_program("chromium", "chromium-browser", "google-chrome")
        self._folder = tempfile.TemporaryDirectory(prefix="finca-chromium-", ignore_cleanup_errors=True)
        options = ["--headless=new", "--remote-debugging-port=0", "--remote-allow-origins=*", "--disable-gpu"]
        options += [
            f"--user-data-dir={self._folder.name}",
            "--no-first-run",
            "--disable-dev-shm-usage",
            "--mute-audio",
        ]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            [program, *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._numbers = itertools.count(1)
        self.errors: list[str] = []
        self._wire = websocket.create_connection(self._page(), timeout=60)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_error: object) -> None:
        self._wire.close(timeout=0)
        self._process.terminate()
        self._process.wait(20)
        self._folder.cleanup()

    def _page(self) -> str:
        port_file = Path(self._folder.name) / "DevToolsActivePort"
        wait_until(lambda: port_file.exists() and port_file.read_text().count("\n"), "start of Chromium", 60)
        port = port_file.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=30) as response:
            return str(next(p for p in json.load(response) if p["type"] == "page")["webSocketDebuggerUrl"])

    def send(self, method: str, **parameters: Any) -> Any:
        """Asks the browser for something and gives its answer."""
        number = next(self._numbers)
        self._wire.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._wire.recv())
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        what, parameters = message.get("method"), message.get("params", {})
        if what == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(parameters["exceptionDetails"])[:500])
        elif what == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.errors.append(json.dumps(parameters["args"])[:500])
        elif what == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")

    def open(self, url: str) -> None:
        self.send("Page.navigate", url=url)
        self.await_true("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise PageFailed(answer["exceptionDetails"].get("exception", {}).get("description", script))
        return answer["result"].get("value")

    def await_true(self, script: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not self.run(f"Boolean({script})"):
            assert time.monotonic() < deadline, f"never true: {script}; {self.errors}; {self.text()[:1500]}"
            time.sleep(0.1)

    def text(self, selector: str = "body") -> str:
        """What a person reads there."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def fill(self, selector: str, value: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(value)}")

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        """The size of the window, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.send("Emulation.setDeviceMetricsOverride", **metrics)

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A screenshot of the page."""
        taken = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))


__all__ = ["Browser", "PageFailed", "ServerMissing"]
