"""Whether the database has the code's tables, and giving them to it. The tables themselves are the rooms'."""

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.extensions import db
from app.core.settings import ROOT


def is_current() -> bool:
    """Whether the database is at the newest migration; False too when it cannot be asked."""
    try:
        with db.engine.connect() as connection:
            return bool(connection.scalar(text("SELECT version_num FROM alembic_version")) == head_revision())
    except SQLAlchemyError:
        return False


def head_revision() -> str | None:
    """The newest migration in the code."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


def bring_up_to_date() -> None:
    """Runs the migrations that are missing; for the doors that try things out. In production somebody decides."""
    if not is_current():
        upgrade()
