"""What digesters are fed with: the table's materials and the farm's own."""

from typing import Any

from sqlalchemy import select

from app.biogas.models import Material
from app.biogas.parameters import figures_of, overlaid
from app.biogas.substrates import SUBSTRATES
from app.core import records
from app.core.errors import Conflict, Invalid
from app.core.extensions import db


def material_called(name: str) -> Material:
    """The material with this key, whatever its case; one of the table is stored on first use."""
    key = name.strip().lower().replace(" ", "_")
    found = db.session.scalars(select(Material).where(Material.key == key)).first()
    if found:
        return found
    if key not in SUBSTRATES:
        raise Invalid(fields={"material_type": f"Material desconocido; use uno de: {', '.join(SUBSTRATES)}"})
    substrate = SUBSTRATES[key]
    return records.create(Material, key=key, name=substrate.name, parameters=figures_of(substrate))


def store_materials() -> int:
    """Puts every material of the table that is missing into the database; answers how many."""
    present = set(db.session.scalars(select(Material.key)))
    missing = [key for key in SUBSTRATES if key not in present]
    for key in missing:
        material_called(key)
    return len(missing)


def create_material(key: str, name: str, parameters: dict[str, Any], notes: str | None = None) -> Material:
    """A material of the farm's own. Every parameter must be given."""
    complete = overlaid({}, parameters, key)
    missing = set(figures_of(SUBSTRATES["bovino"])) - set(complete)
    if missing:
        raise Invalid(fields={f"parameters.{name}": "Este campo es obligatorio" for name in sorted(missing)})
    return records.create(Material, key=key, name=name, parameters=complete, notes=notes)


def update_material(material: Material, **changes: Any) -> Material:
    """Changes a material, except its key; fillings already opened keep the figures they were opened with."""
    if changes.get("key", material.key) != material.key:
        raise Conflict("La clave de un material no cambia: las etapas lo nombran por ella", field="key")
    if changes.get("parameters") is not None:
        changes["parameters"] = overlaid(material.parameters, changes["parameters"], material.key)
    return records.update(material, **changes)
