"""The demonstration farm as its tests see it: through the door as anybody, and its rows as they are stored."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from conftest import Caller
from contract.pastures import Pasture
from flask import Flask
from sqlalchemy import select

from app.core.extensions import db
from app.users.permissions import Role

Row = dict[str, Any]
# What other tests ask of both databases; a second farm is dear, and is made for what each database compares itself.
on_sqlite = pytest.mark.parametrize("profile", ["embedded"], indirect=True, scope="session")
# Columns that answers call otherwise than the tables do.
WIRE = {"father_id": "idFather", "mother_id": "idMother"}


def table_of(slug: str) -> str:
    return slug.replace("-", "_")


def wired(value: Any) -> Any:
    """A stored value as the contract has it in JSON."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, dt.date) else value


def asked(value: Any) -> str:
    """A stored value as a client writes it in a query string."""
    return str(wired(value)).lower() if isinstance(value, bool) else str(wired(value))


@dataclass
class Farm:
    """The farm; `pasture` adds records of every kind to it, as an administrator."""

    app: Flask
    profile: str
    callers: Mapping[Role, Caller]
    pasture: Pasture

    @property
    def admin(self) -> Caller:
        return self.callers[Role.ADMIN]

    @property
    def nobody(self) -> Caller:
        return Caller(self.app.test_client())

    def stored(self, slug: str) -> list[Row]:
        """Every row of a resource's table by its id, with the columns under their names in answers."""
        table = db.metadata.tables[table_of(slug)]
        with self.app.app_context(), db.engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.columns["id"])).mappings().all()
        return [{WIRE.get(name, name): value for name, value in row.items()} for row in rows]

    def by_id(self, slug: str) -> dict[Any, Row]:
        return {row["id"]: row for row in self.stored(slug)}

    def page(self, slug: str, query: str = "", **filters: Any) -> tuple[list[Row], int]:
        """The rows of a list, at most a thousand of them, and how many it says there are."""
        more = urlencode({name: asked(value) for name, value in filters.items()})
        answer = self.admin.get("/" + slug + "?" + "&".join(["limit=1000", query, more]))
        assert answer.status_code == 200, (slug, query, filters, answer.get_data(as_text=True)[:300])
        rows, total = answer.json["data"], answer.json["meta"]["pagination"]["total_items"]
        assert len(rows) == min(total, 1000)
        assert answer.headers["X-Total-Count"] == str(total)
        return rows, total

    def first(self, slug: str, **filters: Any) -> Row:
        """The row with the least id, of all or of those that the filters choose."""
        answer = self.admin.get(f"/{slug}", query_string={"limit": 1, "sort_by": "id", **filters})
        row: Row = answer.json["data"][0]
        return row

    def all_of(self, slug: str, query: str = "") -> list[Row]:
        """Every row as the list shows it, a page after another."""
        found: list[Row] = []
        for page in range(1, 100):
            answer = self.admin.get(f"/{slug}?limit=1000&sort_by=id&page={page}&{query}")
            assert answer.status_code == 200
            found += answer.json["data"]
            if not answer.json["meta"]["pagination"]["has_next_page"]:
                break
        return found
