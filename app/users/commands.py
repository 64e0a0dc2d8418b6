"""The command line's door to tokens: `flask tokens cleanup`. What may go is `cleanup`'s part."""

import click
from sqlalchemy.exc import SQLAlchemyError

from app.core import times
from app.core.transaction import transaction
from app.users import cleanup

DAYS = click.IntRange(min=0, max=36_500)


@click.group("tokens")
def tokens() -> None:
    """Look after the tokens of sessions."""


@tokens.command("cleanup")
@click.option("--dry-run", is_flag=True, help="Solo muestra lo que se eliminaría")
@click.option("--older-than-days", type=DAYS, help="Solo los tokens creados hace más de estos días")
@click.option(
    "--keep-expired-days",
    type=DAYS,
    envvar="KEEP_EXPIRED_DAYS",
    help=f"Días que se conserva un token vencido ({cleanup.KEEP_EXPIRED_DAYS}; 0 con --older-than-days)",
)
@click.option(
    "--keep-revoked-days",
    type=DAYS,
    envvar="KEEP_REVOKED_DAYS",
    help=f"Días que se conserva uno revocado ({cleanup.KEEP_REVOKED_DAYS}; 0 con --older-than-days)",
)
def cleanup_tokens(
    dry_run: bool, older_than_days: int | None, keep_expired_days: int | None, keep_revoked_days: int | None
) -> None:
    """Delete refresh tokens that are over, and what is kept beside them. Exits with 1 when it could not."""
    which = cleanup.terms(older_than_days, keep_expired_days, keep_revoked_days)
    try:
        _show(which) if dry_run else _remove(which)
    except SQLAlchemyError as error:
        raise click.ClickException(f"La base de datos no responde ({type(error).__name__})") from error


def _show(which: cleanup.Terms) -> None:
    now = times.now()
    with transaction():
        number, rows = cleanup.found(which, now), cleanup.sample(which, now)
    click.echo(f"Encontrados: {number}")
    for row in rows:
        what = f"{cleanup.masked(row.digest)}  persona {row.user_id}  {times.iso(row.made_at)}  {row.reason}"
        click.echo(f"  {row.id}  {what}")
    if number > len(rows):
        click.echo(f"  … y {number - len(rows)} más")
    click.echo("No se eliminó nada (--dry-run)")


def _remove(which: cleanup.Terms) -> None:
    now = times.now()
    with transaction():
        number = cleanup.found(which, now)
        removed = cleanup.remove(which, now)
    click.echo(f"Encontrados: {number}")
    click.echo(f"Eliminados: {removed}")
