"""How Alembic reaches the database: through the application, whose settings say which one it is."""

from contextlib import contextmanager, nullcontext

from alembic import context
from flask import current_app

from app.core.database_patience import waiting

db = current_app.extensions["migrate"].db


def run() -> None:
    """Runs the migrations over one connection, or prints them as SQL with --sql."""
    options = {
        "target_metadata": db.metadata,
        "render_as_batch": True,
        "compare_type": True,
        "render_item": _plain_type,
        "process_revision_directives": _nothing_when_empty,
    }
    if context.is_offline_mode():
        context.configure(dialect_name=db.engine.dialect.name, literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    # A restore brings a connection of its own: what it migrates is not the database in use yet.
    given = context.config.attributes.get("connection")
    # And a large table takes as long as it takes.
    with waiting(None), nullcontext(given) if given else _own() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


@contextmanager
def _own():
    """A connection on which a transaction begins by itself. MariaDB ends ours with every change of a table, and what a
    migration writes after it holds together all the same.
    """
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            yield connection
            return
        connection.exec_driver_sql("SET SESSION autocommit = 0")
        connection.commit()
        try:
            yield connection
        finally:
            # Nobody else expects such a one.
            connection.invalidate()


def _plain_type(kind, item, _context):
    """Migrations name the database's types, not ours: the code may move, they must not."""
    if kind == "type" and type(item).__module__.startswith("app."):
        return f"sa.{type(item.impl).__name__}()"
    return False


def _nothing_when_empty(_context, _revision, directives) -> None:
    """`flask db migrate` without a change in the models writes no file."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


run()
