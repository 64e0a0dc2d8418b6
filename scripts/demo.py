"""A farm to try out on any machine: database, broker, simulator. `python run.py --demo` serves it."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from app import create_app, wiring
from app.biogas import demo
from app.core import schema
from app.core.settings import ROOT, Settings, load_settings
from app.core.transaction import transaction
from app.demo import farm as herds
from app.users import service as users

ADMIN = {"identification": 1000000001, "fullname": "Administración de la finca", "email": "admin@finca.local"}
MOSQUITTO_PLACES = ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto")


@contextmanager
def farm() -> Iterator[Flask]:
    """The application over a seeded database, a broker and a simulator, for as long as the block lasts."""
    defaults = {"mqtt_ingest": "inline", "log_level": "WARNING"}
    settings = load_settings(**{k: v for k, v in defaults.items() if k.upper() not in os.environ})
    app = create_app(settings)
    with _broker(settings):
        _welcome(settings, _prepare(app, settings))
        with _running(_simulator(settings)):
            yield app


def _prepare(app: Flask, settings: Settings) -> str:
    """Migrates and seeds what is missing; the administrator's password."""
    with app.app_context():
        schema.bring_up_to_date()
        with transaction():
            herds.create_farm()
        with transaction():
            made = demo.create_farm()
        if made:
            wiring.settle_everything()
        return _admin(settings.instance_dir / "demo-admin-password")


def _admin(kept: Path) -> str:
    """The password of the demonstration's administrator, made on first use and kept beside the database."""
    if users.has_admin():
        return kept.read_text() if kept.exists() else "(la que usted eligió)"
    password = f"{secrets.token_urlsafe(9)}-Ab1"
    with transaction():
        users.create_admin(**ADMIN, password=password, username="admin")
    with os.fdopen(os.open(kept, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
        file.write(password)
    return password


def _welcome(settings: Settings, password: str) -> None:
    base = f"http{'s' if settings.use_https else ''}://localhost:{settings.port}"
    host, port = _address(settings.mqtt_url)
    print(
        f"""
 {settings.farm_name}: demostración de BackFinca

   Pantalla en vivo   {base}/
   Swagger UI         {base}/api/v1/
   Salud              {base}/health
   Broker MQTT        {host}:{port}
   Usuario            admin
   Contraseña         {password}

   Publique una lectura propia:
     mosquitto_pub -h {host} -p {port} -q 1 -t finca/mi-sensor/telemetry -m '{{"temperatura": 31.5}}'
""",
        flush=True,
    )


@contextmanager
def _broker(settings: Settings) -> Iterator[None]:
    """The broker of the settings when one answers there; else one of our own, on its port or a free one."""
    host, port = _address(settings.mqtt_url)
    if _answers(host, port):
        yield
        return
    if host not in ("localhost", "127.0.0.1"):
        sys.exit(f"No responde el broker MQTT {host}:{port} (MQTT_URL)")
    with _running(_broker_command(settings.instance_dir, port)):
        for _ in range(100):
            if _answers(host, port):
                break
            time.sleep(0.1)
        yield


def _broker_command(folder: Path, port: int) -> list[str]:
    binary = shutil.which("mosquitto") or next((p for p in MOSQUITTO_PLACES if os.path.exists(p)), None)
    if binary:
        configuration = folder / "mosquitto-demo.conf"
        configuration.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\npersistence_file mosquitto-demo.db\n"
            "max_queued_messages 0\nmax_inflight_messages 1000\nset_tcp_nodelay true\nlog_type error\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )
        return [binary, "-c", str(configuration)]
    configuration = folder / "amqtt-demo.yaml"
    configuration.write_text(
        f"listeners:\n  default:\n    type: tcp\n    bind: 127.0.0.1:{port}\n"
        "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n    allow_anonymous: true\n"
    )
    return [str(Path(sys.executable).with_name("amqtt")), "-c", str(configuration)]


def _simulator(settings: Settings) -> list[str]:
    host, port = _address(settings.mqtt_url)
    topic = f"finca/{demo.DEVICE}/telemetry"
    script = str(ROOT / "scripts" / "mqtt_simulator.py")
    flags = ["--broker", host, "--port", str(port), "--topic", topic, "--interval", "2"]
    return [sys.executable, script, *flags, "--client-id", f"simulador-{os.getpid()}"]


@contextmanager
def _running(command: list[str]) -> Iterator[None]:
    # A session of its own, so that Ctrl-C reaches the server first and the broker outlives its last words.
    with subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "localhost", parts.port or (8883 if parts.scheme == "mqtts" else 1883)


def _answers(host: str, port: int) -> bool:
    """Whether an MQTT broker that lets us in answers there."""
    hello = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x0a\x00\x07demo-ok"
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(hello)
            return connection.recv(4)[:1] == b"\x20"
    except OSError:
        return False
