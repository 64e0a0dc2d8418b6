"""The command line's door to backups: `flask backup create|list|verify|restore`. Exits with 1 when it could not."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.backup import service as backups
from app.core import schema
from app.core.errors import DomainError
from app.core.extensions import cache, current_settings, db


@click.group("backup")
def backup() -> None:
    """Make, look at, verify and restore backups of the database and the files."""


@backup.command("create")
def create() -> None:
    """Make a backup in BACKUP_DIR, read it back, and remove those that are too old."""
    with _told():
        made = backups.create(db.engine.url, current_settings())
    for name in made.left_out:
        click.echo(f"Archivo de nombre no permitido, no se copió: {name!r}", err=True)
    for path in made.removed:
        click.echo(f"Copia antigua eliminada: {path.name}")
    click.echo(f"Copia creada y verificada: {made.path}")
    _describe(made)


@backup.command("list")
def list_backups() -> None:
    """Show the backups of BACKUP_DIR, the newest first."""
    kept = backups.shelf_of(current_settings()).backups()
    for one in kept:
        click.echo(f"{one.path.name}  {_size(one.path)}  {_summary(one.path)}")
    if not kept:
        click.echo(f"No hay copias en {current_settings().backup_dir}")


@backup.command("verify")
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Read a backup (by name or path; the newest without one) from end to end against its checksums."""
    with _told():
        settings = current_settings()
        found = backups.verify(backups.shelf_of(settings).find(name), settings.backup_key)
    click.echo(f"La copia está completa: {found.path}")
    _describe(found)


@backup.command("restore")
@click.argument("name")
@click.option("--force-empty", is_flag=True, help="Reemplaza lo que tengan la base de datos y los archivos")
def restore(name: str, force_empty: bool) -> None:
    """Restore a backup into an empty database and folder of files, after verifying all of it."""
    settings = current_settings()
    with _told():
        path = backups.shelf_of(settings).find(name)
        done = backups.restore(path, db.engine.url, settings, replace=force_empty)
    # What the cache says of the rows before must not be believed of these.
    with suppress(RedisError, OSError):
        cache.clear()
    for table in done.strangers:
        click.echo(f"Tabla que no es de esta aplicación, no se restauró: {table}", err=True)
    click.echo(f"Restaurada: {path}")
    _describe(done.backup)
    if done.backup.manifest["revision"] != schema.head_revision():
        click.echo("La copia es de una versión anterior: ejecute flask db upgrade")


def _describe(found: backups.Backup) -> None:
    told = found.manifest
    click.echo(
        f"  {told['made_at']}  migración {told['revision']}  {found.rows} filas  {found.files} archivos"
    )


def _summary(path: Path) -> str:
    key = current_settings().backup_key
    try:
        if backups.is_sealed(path) and not key:
            return "cifrada"
        told = backups.look(path, key)
    except DomainError as error:
        return error.message
    kind = "cifrada  " if backups.is_sealed(path) else ""
    return f"{kind}migración {told.manifest['revision']}  {told.rows} filas  {told.files} archivos"


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1_000_000:.1f} MB"


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.message) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__)[:300]
        raise click.ClickException(f"La base de datos no lo permitió; no cambió nada. {reason}") from error
