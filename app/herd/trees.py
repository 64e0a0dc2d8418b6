"""Family trees as a graph: ancestors or descendants of an animal, some generations deep, by one recursive query."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import CTE, Select, func, literal, select

from app.core import records
from app.core.extensions import db
from app.herd.models import Animal, Breed

Direction = Literal["ancestors", "descendants"]
MAX_DEPTH = 20
MAX_NODES = 5000
EXAMPLES = 5
SEXES = ("Macho", "Hembra", "Unknown")
PARENTS = {"father": "idFather", "mother": "idMother"}
NODE = ("id", "record", "sex", "breeds_id", "idFather", "idMother")
WORDS = {"ancestors": "ancestros", "descendants": "descendientes"}


def tree(animal_id: int, direction: Direction, max_depth: int, fields: Sequence[str] = ()) -> dict[str, Any]:
    """The graph of an animal's relatives. NotFound when there is no such animal; ends where a loop was stored."""
    root = records.get(Animal, animal_id, "El animal")
    rows = _rows(root.id, direction, max(1, min(max_depth, MAX_DEPTH)))
    truncated = len(rows) > MAX_NODES
    found = {row["id"]: row for row in rows[:MAX_NODES]}
    edges = _edges(found)
    return {
        "rootId": root.id,
        "nodes": {str(id): _node(row, fields) for id, row in found.items()},
        "edges": edges,
        "depth": max((row["depth"] for row in found.values()), default=0),
        "counts": {"nodes": len(found), "edges": len(edges)},
        "summary": _summary(root, direction, found, edges),
        "edge_examples": _examples(found, edges, direction),
        "truncated": truncated,
        "generated_at": int(time.time()),
    }


def _rows(root: int, direction: Direction, max_depth: int) -> list[Mapping[str, Any]]:
    start = select(literal(root).label("id"), literal(0).label("depth")).cte("tree", recursive=True)
    steps = (_step(start, direction, side, max_depth) for side in (Animal.father_id, Animal.mother_id))
    reached = start.union(*steps)
    nearest = select(reached.c.id, func.min(reached.c.depth).label("depth")).group_by(reached.c.id)
    near = nearest.order_by(func.min(reached.c.depth), reached.c.id).limit(MAX_NODES + 1).subquery()
    query = (
        select(
            Animal.id,
            Animal.record,
            Animal.sex,
            Animal.breeds_id,
            Animal.father_id.label("idFather"),
            Animal.mother_id.label("idMother"),
            Animal.birth_date,
            Animal.status,
            Breed.species_id,
            near.c.depth,
        )
        .join(near, Animal.id == near.c.id)
        .join(Breed, Animal.breeds_id == Breed.id)
    )
    rows = db.session.execute(query.order_by(near.c.depth, Animal.id)).mappings()
    return [dict(row) for row in rows]


def _step(tree: CTE, direction: Direction, side: Any, max_depth: int) -> Select[Any]:
    deeper = tree.c.depth + 1
    if direction == "ancestors":
        query = select(side, deeper).join(tree, Animal.id == tree.c.id).where(side.is_not(None))
    else:
        query = select(Animal.id, deeper).join(tree, side == tree.c.id)
    return query.where(tree.c.depth < max_depth)


def _node(row: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    wanted = {"id", *(name for name in fields if name in row)} if fields else set(NODE)
    return {name: value for name, value in row.items() if name in wanted}


def _edges(found: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """From parent to child, where both are in the tree."""
    return [
        {"from": row[column], "to": id, "relation": relation}
        for id, row in found.items()
        for relation, column in PARENTS.items()
        if row[column] in found
    ]


def _sex(row: Mapping[str, Any]) -> str:
    return row["sex"] if row["sex"] in SEXES else "Unknown"


def _summary(
    root: Animal,
    direction: Direction,
    found: Mapping[int, Mapping[str, Any]],
    edges: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    sexes = Counter(_sex(row) for row in found.values())
    relations = Counter(edge["relation"] for edge in edges)
    relatives = len(found) - 1
    generations = max((row["depth"] for row in found.values()), default=0)
    return {
        "text": f"{root.record}: {relatives} {WORDS[direction]} en {generations} generaciones; "
        f"con el animal, {sexes['Macho']} machos y {sexes['Hembra']} hembras",
        "sex": {sex: sexes[sex] for sex in SEXES},
        "species": dict(Counter(str(row["species_id"]) for row in found.values())),
        "relations": {relation: relations[relation] for relation in PARENTS},
    }


def _examples(
    found: Mapping[int, Mapping[str, Any]], edges: Sequence[dict[str, Any]], direction: Direction
) -> dict[str, Any]:
    """Some edges by the sex and the species of the relative they lead to: the parent upwards, the child downwards."""
    end = "from" if direction == "ancestors" else "to"
    by_sex: dict[str, list[dict[str, Any]]] = {sex: [] for sex in SEXES}
    by_species: dict[str, list[dict[str, Any]]] = {}
    for edge in edges:
        relative = found[edge[end]]
        for shelf in (by_sex[_sex(relative)], by_species.setdefault(str(relative["species_id"]), [])):
            if len(shelf) < EXAMPLES:
                shelf.append(edge)
    return {"bySex": by_sex, "bySpecies": by_species}
