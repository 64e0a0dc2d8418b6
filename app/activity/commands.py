"""The command line's door to the trail: `flask activity verify`."""

import click
from sqlalchemy.exc import SQLAlchemyError

from app.activity import chain
from app.core.transaction import rollback


@click.group("activity")
def activity() -> None:
    """Look after the trail of activity."""


@activity.command("verify")
def verify_chain() -> None:
    """Follow the trail's chain of hashes. Exits with 1 at the first row that does not hold."""
    try:
        verdict = chain.verify()
        rollback()
    except SQLAlchemyError as error:
        raise click.ClickException(f"La base de datos no responde ({type(error).__name__})") from error
    if verdict.broken_id is not None:
        raise click.ClickException(f"La cadena se rompe en la fila {verdict.broken_id}: {verdict.fault}")
    click.echo(f"Filas verificadas: {verdict.rows}")
    click.echo(f"Final de la cadena: {verdict.rows} {verdict.last_hash}")
