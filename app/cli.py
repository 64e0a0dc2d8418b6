"""The command line's door: flask activity, backup, check-indexes, create-admin, ingest, seed, tokens."""

import signal
import threading
from typing import Any

import click
from flask import Flask, current_app

from app import wiring
from app.activity.commands import activity
from app.backup.commands import backup
from app.biogas import demo, materials
from app.core.errors import DomainError
from app.core.extensions import current_settings
from app.core.index_check import check_indexes
from app.core.settings import Settings
from app.core.transaction import transaction
from app.demo import farm
from app.sensors.door import Door
from app.sensors.ingest import Ingest
from app.users import service as users
from app.users.commands import tokens


def init_app(app: Flask) -> None:
    """Adds the farm's commands to `flask`."""
    for command in (activity, backup, check_indexes, create_admin, ingest, seed, tokens):
        app.cli.add_command(command)


@click.command("create-admin")
@click.option("--identification", prompt="Identificación", type=int)
@click.option("--fullname", prompt="Nombre completo")
@click.option("--email", prompt="Correo")
@click.option("--username", default=None)
@click.option("--password", prompt="Contraseña", hide_input=True, confirmation_prompt=True)
def create_admin(**person: Any) -> None:
    """Create an administrator."""
    try:
        with transaction():
            users.create_admin(**person)
    except DomainError as error:
        raise _told(error)
    click.echo(f"Administrador creado: {person['email']}")


def _told(error: DomainError) -> click.ClickException:
    fields = error.details.get("validation_errors", {})
    return click.ClickException("; ".join([error.message, *(f"{k}: {v}" for k, v in fields.items())]))


@click.command("ingest")
@click.option("--name", default=None, help="Nombre de este proceso; cada uno necesita el suyo (2, 3, ...)")
def ingest(name: str | None) -> None:
    """Receive readings over MQTT and store them, as a process of its own."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    settings = current_settings()
    if name:
        settings = settings.model_copy(update={"mqtt_client_id": f"{settings.mqtt_client_id}-{name}"})
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker = Ingest(app, settings, wiring.watchers())
    worker.start()
    door = _opened(settings, worker)
    click.echo(f"Recibiendo lecturas como {settings.mqtt_client_id}")
    stop.wait()
    worker.stop()
    if door:
        door.stop()
    # What the screens have not been told yet.
    wiring.stop_background(app)


def _opened(settings: Settings, worker: Ingest) -> Door | None:
    if settings.ingest_port is None:
        return None
    door = Door(settings.host, settings.ingest_port, settings.metrics_token, worker.status)
    door.start()
    return door


@click.command("seed")
@click.option("--demo", "with_demo", is_flag=True, help="Además, una finca de demostración")
def seed(with_demo: bool) -> None:
    """Store what every farm starts with; with --demo, a herd with its two years, and a digester with twenty days."""
    with transaction():
        stored = materials.store_materials()
    click.echo(f"Materiales agregados: {stored}")
    try:
        with transaction():
            admin = users.first_admin(current_settings())
            created = admin.email if admin else None
        if created:
            click.echo(f"Administrador creado: {created}")
        if with_demo:
            _demonstrate()
    except DomainError as error:
        raise _told(error)


def _demonstrate() -> None:
    with transaction():
        made = farm.create_farm()
    click.echo("Animales, potreros y sanidad creados" if made else "Ya hay animales; no se creó otra finca")
    with transaction():
        made = demo.create_farm()
    wiring.settle_everything()
    click.echo("Biodigestor creado" if made else "Ya hay biodigestores; no se creó otro")
