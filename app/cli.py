"""The command line's door: flask create-admin, ..."""

import click
from flask import Flask

from app.core.errors import DomainError
from app.core.transaction import transaction
from app.users import service as users


def init_app(app: Flask) -> None:
    """Adds the farm's commands to `flask`."""
    app.cli.add_command(create_admin)


@click.command("create-admin")
@click.option("--identification", prompt="Identificación", type=int)
@click.option("--fullname", prompt="Nombre completo")
@click.option("--email", prompt="Correo")
@click.option("--username", default=None)
@click.option("--password", prompt="Contraseña", hide_input=True, confirmation_prompt=True)
def create_admin(identification: int, fullname: str, email: str, username: str | None, password: str) -> None:
    """Create an administrator."""
    try:
        with transaction():
            users.create_admin(identification, fullname, email, password, username)
    except DomainError as error:
        fields = error.details.get("validation_errors", {})
        raise click.ClickException("; ".join([error.message, *(f"{k}: {v}" for k, v in fields.items())]))
    click.echo(f"Administrador creado: {email}")
