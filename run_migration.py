"""Applies add_performance_indexes.sql to a database that predates these indexes. `python run_migration.py --dry-run`

Idempotent: an index that exists is left alone, a table that does not exist yet is passed over. `--write` makes the
file anew from the models.
"""

import argparse
import re

from sqlalchemy import Connection, inspect, text

from app import create_app
from app.core.extensions import db
from app.core.settings import ROOT

FILE = ROOT / "add_performance_indexes.sql"
STATEMENT = re.compile(r"CREATE INDEX (?P<name>\w+) ON (?P<table>\w+) \((?P<columns>[\w, ]+)\);")
HEADING = """-- The models' performance indexes, for a database that predates them.
-- Apply with `python run_migration.py`, which passes over those that exist. Made by `python run_migration.py --write`.
"""


def main() -> None:
    """Creates what is missing, telling each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="dice qué haría, sin hacerlo")
    parser.add_argument(
        "--write", action="store_true", help="escribe de nuevo el archivo SQL desde los modelos"
    )
    options = parser.parse_args()
    app = create_app()
    if options.write:
        FILE.write_text(models_sql())
        return
    with app.app_context(), db.engine.begin() as connection:
        made = apply(connection, FILE.read_text(), dry_run=options.dry_run)
    print(f"{len(made)} índices {'faltan' if options.dry_run else 'creados'}")


def models_sql() -> str:
    """The CREATE INDEX statements of every model, in order of table and name."""
    indexes = sorted(
        (table.name, index.name or "", ", ".join(column.name for column in index.columns))
        for table in db.metadata.tables.values()
        for index in table.indexes
    )
    return HEADING + "".join(
        f"CREATE INDEX {name} ON {table} ({columns});\n" for table, name, columns in indexes
    )


def apply(connection: Connection, sql: str, *, dry_run: bool) -> list[str]:
    """Runs the statements whose index does not exist yet; the names of those."""
    present = inspect(connection)
    tables = set(present.get_table_names())
    missing = []
    for statement in STATEMENT.finditer(sql):
        name, table = statement["name"], statement["table"]
        if table not in tables or name in {index["name"] for index in present.get_indexes(table)}:
            continue
        missing.append(name)
        print(f"{table}: {name} ({statement['columns']})", flush=True)
        if not dry_run:
            connection.execute(text(statement.group().rstrip(";")))
    return missing


if __name__ == "__main__":
    main()
