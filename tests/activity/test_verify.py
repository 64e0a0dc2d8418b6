"""`flask activity verify`: a whole chain holds, and whatever is done to it behind our back is found."""

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update

from app.activity import chain
from app.activity.chain import GENESIS, hash_of
from app.activity.models import Activity, ActivityHead
from app.core.extensions import db
from app.core.transaction import transaction
from app.herd.models import Species

TABLE = Activity.__table__


@pytest.fixture
def farm(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A trail of ten rows, read four at a time."""
    monkeypatch.setattr(chain, "ROWS_AT_ONCE", 4)
    for number in range(10):
        with app.app_context(), transaction() as session:
            session.add(Species(name=f"Especie ñ {number}"))
    return app


def verified(app: Flask) -> tuple[int, str]:
    with app.app_context():  # as `flask` itself enters it
        result = app.test_cli_runner().invoke(args=["activity", "verify"])
    return result.exit_code, result.output


def test_a_whole_chain_holds_and_tells_its_end(farm: Flask) -> None:
    code, output = verified(farm)
    with farm.app_context():
        head = db.session.execute(select(ActivityHead.last_hash)).scalar_one()
    assert (code, output) == (0, f"Filas verificadas: 10\nFinal de la cadena: 10 {head}\n")


def test_an_empty_trail_holds(app: Flask) -> None:
    assert verified(app) == (0, f"Filas verificadas: 0\nFinal de la cadena: 0 {GENESIS}\n")


def _changed() -> None:
    db.session.execute(update(TABLE).where(TABLE.c.id == 6).values(title="Nada"))


def _rehashed() -> None:
    """Somebody who also computes the hash anew is betrayed by the row after it."""
    row = dict(db.session.execute(select(TABLE).where(TABLE.c.id == 6)).mappings().one())
    row["title"] = "Nada"
    db.session.execute(update(TABLE).where(TABLE.c.id == 6).values(title="Nada", hash=hash_of(row)))


def _removed() -> None:
    db.session.execute(delete(TABLE).where(TABLE.c.id == 4))


def _removed_and_renumbered() -> None:
    _removed()
    for id_ in range(5, 11):
        db.session.execute(update(TABLE).where(TABLE.c.id == id_).values(id=id_ - 1))


def _cut_off() -> None:
    db.session.execute(delete(TABLE).where(TABLE.c.id > 8))


def _cut_off_with_the_head() -> None:
    _cut_off()
    db.session.execute(update(ActivityHead).values(last_id=8))


def _appended() -> None:
    row = dict(db.session.execute(select(TABLE).where(TABLE.c.id == 10)).mappings().one())
    row |= {"id": 11, "previous_hash": row["hash"]}
    db.session.execute(insert(TABLE), [{**row, "hash": hash_of(row)}])


def _changed_in_a_document() -> None:
    db.session.execute(text("UPDATE activity_log SET changes = '{}' WHERE id = 1"))


def _headless() -> None:
    db.session.execute(delete(ActivityHead))


@pytest.mark.parametrize(
    ("tamper", "row", "fault"),
    [
        (_changed, 6, "la fila fue cambiada"),
        (_rehashed, 7, "no sigue a la fila anterior"),
        (_removed, 4, "falta la fila"),
        (_removed_and_renumbered, 4, "no sigue a la fila anterior"),
        (_cut_off, 9, "falta la fila"),
        (_cut_off_with_the_head, 8, "no es el final que se anotó"),
        (_appended, 11, "fila agregada después del final"),
        (_changed_in_a_document, 1, "la fila fue cambiada"),
        (_headless, 1, "fila agregada después del final"),
    ],
)
def test_the_first_broken_row_is_told(farm: Flask, tamper: object, row: int, fault: str) -> None:
    assert callable(tamper)
    with farm.app_context(), transaction():
        tamper()
    code, output = verified(farm)
    assert (code, output) == (1, f"Error: La cadena se rompe en la fila {row}: {fault}\n")


def test_a_trail_that_lost_its_head_goes_on_and_shows_it(farm: Flask) -> None:
    with farm.app_context(), transaction() as session:
        _headless()
        session.add(Species(name="Otra"))
    code, output = verified(farm)
    assert (code, output) == (1, "Error: La cadena se rompe en la fila 11: no sigue a la fila anterior\n")
