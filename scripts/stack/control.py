"""Starting a stack, waiting until it does its work, and stopping it. What its files say is the business of `files`."""

import json
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.stack import certificates, files
from scripts.stack.places import DEPLOY, DEVICE, HOST, ROOT, CannotStart, Places, missing_packages, program

SUPERVISORD = DEPLOY / "supervisor" / "supervisord.conf"
READY_SECONDS = 90
STOP_SECONDS = 120


def up(places: Places, settings: dict[str, str], *, demo: bool = False) -> None:
    """Brings the stack up, in this order: servers, migrations and seed, farm. Harmless when it is up."""
    if running(places):
        return
    if missing := missing_packages():
        raise CannotStart(f"Not installed here. Debian: apt-get install {' '.join(missing)}")
    places.prepare()
    certificates.lay(places.tls)
    files.write(places, settings)
    supervisord = [program("supervisord"), "-c", str(SUPERVISORD)]
    _run(supervisord, files.environment(places, autostart=False))
    try:
        for server in ("mariadb", "redis", "mqtt"):
            _wait(lambda server=server: _listens(places.ports[server]), f"{server} to listen")
        _migrate(places, demo=demo)
        ctl(places, "start", "backfinca:*")
        _wait(lambda: at_work(places), "the farm to be at work")
    except BaseException:
        down(places)
        raise


def down(places: Places) -> None:
    """Stops everything in good order, and returns when it is gone."""
    if not running(places):
        return
    supervisord = int(ctl(places, "pid"))
    ctl(places, "shutdown")
    _wait(lambda: not alive(supervisord), "the end of supervisord", STOP_SECONDS)


def alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def running(places: Places) -> bool:
    """Whether its supervisord answers."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(places.run / "supervisor.sock"))
        except OSError:
            return False
    return True


def ctl(places: Places, *arguments: str) -> str:
    """What supervisorctl printed; `status` is no failure when something is stopped."""
    command = [program("supervisorctl"), "-c", str(SUPERVISORD), *arguments]
    return _run(command, files.environment(places), allowed=(0, 3))


def at_work(places: Places) -> bool:
    """Whether every web process is healthy, and ingest hears the broker, and nginx passes requests on."""
    return all(
        _health(f"http://{HOST}:{port}") == {"status": "healthy", "broker": "connected"}
        for port in places.web_ports
    ) and bool(_health(places.url, tls(places)))


def tls(places: Places) -> ssl.SSLContext:
    """Believes the stack's own authority, and no other."""
    return ssl.create_default_context(cafile=str(places.tls / "ca.crt"))


def explanation(places: Places) -> str:
    """What a person needs to know of a stack that is up."""
    port, secret = places.ports, places.secrets
    return f"""The farm is at {places.url}  (its authority: {places.tls}/ca.crt)
  administrator    admin@finca.test  {secret["admin"]}
  a reading        mosquitto_pub -h localhost -p {port["mqtts"]} --cafile {places.tls}/ca.crt -q 1 \\
                       -u {DEVICE} -P {secret["device"]} -t finca/{DEVICE}/telemetry -m '{{"temperatura": 33.4}}'
  web processes    {", ".join(str(web) for web in places.web_ports)} on {HOST}
  others           MariaDB {port["mariadb"]}, Redis {port["redis"]}, Mosquitto {port["mqtt"]}, HTTP {port["http"]}
  settings         {places.etc}/backfinca.env
  logs             {places.log}
  state            python -m scripts.stack status
  end              make stack-down"""


def _migrate(places: Places, *, demo: bool) -> None:
    command = [str(ROOT / "deploy" / "bin" / "backfinca"), "migrate", *(["--demo"] if demo else [])]
    print(_run(command, files.environment(places)), end="", flush=True)


def _health(url: str, context: ssl.SSLContext | None = None) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"{url}/api/v1/health", timeout=5, context=context) as answer:
            health = json.load(answer)
    except (OSError, ValueError):
        return {}
    return {"status": health["status"], "broker": health["services"]["broker"]}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _wait(is_so: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise CannotStart(f"Waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.1)


def _run(command: list[str], environment: dict[str, str], allowed: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode not in allowed:
        print(done.stdout + done.stderr, file=sys.stderr)
        raise CannotStart(f"{' '.join(command)} failed")
    return done.stdout
