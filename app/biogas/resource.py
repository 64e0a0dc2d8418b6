"""HTTP door of the biogas room: digesters, materials, fillings, production and the calculator."""

from typing import Any

from flask_restx import Namespace, Resource

from app.biogas import comparison, digesters, fillings, materials
from app.biogas.estimate import estimate
from app.biogas.models import Digester, Filling, Material
from app.biogas.schemas import (
    CloseIn,
    DigesterDetail,
    DigesterIn,
    DigesterOut,
    EstimateIn,
    EstimateOut,
    FillingIn,
    FillingOut,
    MaterialIn,
    MaterialOut,
    ProductionOut,
    SummaryOut,
    WhichDigester,
)
from app.biogas.summary import summary
from app.core import records
from app.core.access import allow
from app.core.crud import crud
from app.core.http import asks, gives, takes
from app.core.lists import Listing
from app.core.plain import Reference

ns = Namespace("biogas", description="Biodigestores, etapas y producción de biogás")

crud(
    ns,
    "/materials",
    Listing(Material, MaterialOut, search=("key", "name", "notes")),
    MaterialIn,
    label="Material",
    read="biogas.view",
    write="catalogues.write",
    create=materials.create_material,
    update=materials.update_material,
    keys=("key",),
)
crud(
    ns,
    "/digesters",
    Listing(Digester, DigesterOut, search=("name", "place")),
    DigesterIn,
    label="Biodigestor",
    read="biogas.view",
    write="catalogues.write",
    create=digesters.create_digester,
    update=digesters.update_digester,
    remove=digesters.remove_digester,
    keys=("name",),
)
crud(
    ns,
    "/fillings",
    Listing(Filling, FillingOut, search=("people", "material_type", "notes")),
    FillingIn,
    label="Etapa",
    read="biogas.view",
    write="fillings.write",
    create=fillings.open_filling,
    update=fillings.update_filling,
    remove=fillings.remove_filling,
    keys=("digester_id", "number"),
    references={"digester_id": Reference("digester", Digester, "name")},
)


def _filling(id: int) -> Filling:
    return records.get(Filling, id, "La etapa")


@ns.route("/digesters/<int:id>/devices")
class DigesterDevices(Resource):
    """A digester with what measures it."""

    @allow("biogas.view")
    @gives(DigesterDetail)
    def get(self, id: int) -> Any:
        """The digester with the codes of its devices."""
        return records.get(Digester, id, "El biodigestor")


@ns.route("/fillings/<int:id>/close")
class Closing(Resource):
    """The end of a filling."""

    @allow("fillings.write")
    @takes(CloseIn)
    @gives(FillingOut, "Etapa cerrada")
    def post(self, body: CloseIn, id: int) -> Any:
        """Close a filling; from then on it does not change."""
        return fillings.close_filling(_filling(id), body.ended_at)


@ns.route("/fillings/<int:id>/production")
class FillingProduction(Resource):
    """Expected and actual gas of a filling."""

    @allow("biogas.view")
    @gives(ProductionOut)
    def get(self, id: int) -> Any:
        """Expected and actual production by day, with coverage and quality."""
        return comparison.production(_filling(id))


@ns.route("/fillings/<int:id>/summary")
class FillingSummary(Resource):
    """A filling in a few figures."""

    @allow("biogas.view")
    @gives(SummaryOut)
    def get(self, id: int) -> Any:
        """The filling in a few figures, with a conclusion."""
        return summary(_filling(id))


@ns.route("/production/current")
class CurrentProduction(Resource):
    """Expected and actual gas of the active filling."""

    @allow("biogas.view")
    @asks(WhichDigester)
    @gives(ProductionOut)
    def get(self, query: WhichDigester) -> Any:
        """Production of the active filling of a digester, or of the newest active one."""
        return comparison.production(fillings.current_filling(query.digester_id))


@ns.route("/estimate")
class Estimate(Resource):
    """The calculator."""

    @allow("biogas.view")
    @takes(EstimateIn)
    @gives(EstimateOut)
    def post(self, body: EstimateIn) -> Any:
        """What a feed would give; stores nothing."""
        return estimate(**body.model_dump())
