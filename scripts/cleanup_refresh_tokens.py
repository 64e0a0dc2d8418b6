"""`flask tokens cleanup` as a program of its own, for cron: python scripts/cleanup_refresh_tokens.py [--dry-run] ..."""

import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app import create_app
from app.core.settings import SettingsError
from app.users.commands import cleanup_tokens


def main() -> int:
    """Runs the command; 0 when it did its work, 1 when it could not."""
    try:
        with create_app().app_context():
            cleanup_tokens.main(prog_name="cleanup_refresh_tokens.py", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 1
    except SettingsError as error:
        click.echo(str(error), err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
