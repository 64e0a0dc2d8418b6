"""HTTP door of health: catalogues, and what the animals had and were given."""

from typing import Any, TypedDict

from flask import Response
from flask_restx import Namespace, Resource

from app.core import records
from app.core.access import allow
from app.core.cache import conditional
from app.core.crud import crud
from app.core.http import asks, gives, paged, written
from app.core.lists import PARAMETERS, list_response
from app.core.plain import Figures, Reference
from app.health import catalogues, diagnoses, listings, treatments, vaccinations
from app.health import record_schemas as work
from app.health import schemas as shapes
from app.health.due import due, pending
from app.health.models import Disease, Medication, RouteAdministration, Vaccine
from app.herd.models import Animal
from app.users.models import User

ns = Namespace("health", description="Sanidad: enfermedades, vacunas, medicamentos y tratamientos")


class Rights(TypedDict):
    """The permissions to read, to create and to change a record."""

    read: str
    write: str
    edit: str


CATALOGUE: Rights = {"read": "records.view", "write": "catalogues.write", "edit": "catalogues.write"}
WORK: Rights = {"read": "records.view", "write": "records.write", "edit": "records.edit"}
ANIMAL = {"animal_id": Reference("animal", Animal, "record")}
INSTRUCTOR = {"instructor_id": Reference("instructor", User, "identification", "users.view")}
ROUTE = {"route_administration_id": Reference("route_administration", RouteAdministration, "name")}
MEDICATION_TABLES = ("medications", "route_administrations", "treatment_medications")
VACCINE_TABLES = ("vaccines", "route_administrations", "diseases")
VACCINE = {"vaccine_id": Reference("vaccine", Vaccine, "name")}

crud(ns, "/diseases", listings.DISEASES, shapes.DiseaseIn, label="Enfermedad", keys=("name",), **CATALOGUE)
crud(
    ns,
    "/route-administrations",
    listings.ROUTES,
    shapes.RouteAdministrationIn,
    label="Vía de administración",
    keys=("name",),
    **CATALOGUE,
)
crud(
    ns,
    "/medications",
    listings.MEDICATIONS,
    shapes.MedicationIn,
    label="Medicamento",
    create=catalogues.add_medication,
    update=catalogues.change,
    keys=("name",),
    references=ROUTE,
    **CATALOGUE,
)
crud(
    ns,
    "/vaccines",
    listings.VACCINES,
    shapes.VaccineIn,
    label="Vacuna",
    create=catalogues.add_vaccine,
    update=catalogues.change,
    keys=("name",),
    references={**ROUTE, "target_disease_id": Reference("target_disease", Disease, "name")},
    **CATALOGUE,
)
crud(
    ns,
    "/animal-diseases",
    listings.ANIMAL_DISEASES,
    work.AnimalDiseaseIn,
    label="Diagnóstico",
    create=diagnoses.diagnose,
    update=diagnoses.change,
    keys=("animal_id", "disease_id", "diagnosis_date"),
    references={**ANIMAL, **INSTRUCTOR, "disease_id": Reference("disease", Disease, "name")},
    **WORK,
)
crud(
    ns,
    "/vaccinations",
    listings.VACCINATIONS,
    work.VaccinationIn,
    label="Vacunación",
    create=vaccinations.vaccinate,
    update=vaccinations.change,
    keys=("animal_id", "vaccine_id", "vaccination_date"),
    figures=Figures(lambda: {"pending_vaccinations": pending()}, ("vaccines", "animals")),
    references={
        **ANIMAL,
        **VACCINE,
        **INSTRUCTOR,
        "apprentice_id": Reference("apprentice", User, "identification", "users.view"),
    },
    **WORK,
)
crud(
    ns,
    "/treatments",
    listings.TREATMENTS,
    work.TreatmentIn,
    label="Tratamiento",
    create=treatments.treat,
    update=treatments.change,
    keys=("animal_id", "treatment_date", "description"),
    figures=Figures(treatments.figures, ()),
    references=ANIMAL,
    **WORK,
)
crud(
    ns,
    "/treatment-medications",
    listings.TREATMENT_MEDICATIONS,
    work.TreatmentMedicationIn,
    label="Medicamento del tratamiento",
    create=treatments.add_medication,
    update=treatments.change_medication,
    keys=("treatment_id", "medication_id"),
    references={"medication_id": Reference("medication", Medication, "name")},
    **WORK,
)
crud(
    ns,
    "/treatment-vaccines",
    listings.TREATMENT_VACCINES,
    work.TreatmentVaccineIn,
    label="Vacuna del tratamiento",
    create=treatments.add_vaccine,
    update=treatments.change_vaccine,
    keys=("treatment_id", "vaccine_id"),
    references=VACCINE,
    **WORK,
)


def _by_route(listing: Any, id: int) -> Response:
    route = records.get(RouteAdministration, id, "La vía de administración")
    return list_response(listing, where=[listing.model.route_administration_id == route.id])


@ns.route("/route-administrations/active")
class ActiveRoutes(Resource):
    """The routes in use."""

    @allow("records.view")
    @conditional("route_administrations")
    @ns.doc(params=PARAMETERS)
    @gives(shapes.RouteAdministrationOut, many=True)
    def get(self) -> Any:
        """The routes of administration that are in use."""
        return list_response(listings.ROUTES, where=[RouteAdministration.status.is_(True)])


@ns.route("/route-administrations/search")
class RouteSearch(Resource):
    """Routes by text."""

    @allow("records.view")
    @conditional("route_administrations")
    @ns.doc(params=PARAMETERS)
    @gives(shapes.RouteAdministrationOut, many=True)
    def get(self) -> Any:
        """The routes of administration that match `q`."""
        return list_response(listings.ROUTES)


@ns.route("/medications/with-route-administration")
class MedicationsWithRoute(Resource):
    """Medications that have a route."""

    @allow("records.view")
    @conditional(*MEDICATION_TABLES)
    @ns.doc(params=PARAMETERS)
    @gives(shapes.MedicationOut, many=True)
    def get(self) -> Any:
        """The medications whose route of administration is known."""
        known = Medication.route_administration_id.is_not(None)
        return list_response(listings.MEDICATIONS, where=[known])


@ns.route("/medications/by-route/<int:id>")
class MedicationsByRoute(Resource):
    """Medications of a route."""

    @allow("records.view")
    @conditional(*MEDICATION_TABLES)
    @ns.doc(params=PARAMETERS)
    @gives(shapes.MedicationOut, many=True)
    def get(self, id: int) -> Any:
        """The medications given by a route of administration."""
        return _by_route(listings.MEDICATIONS, id)


@ns.route("/vaccines/with-route-administration")
class VaccinesWithRoute(Resource):
    """Vaccines that have a route."""

    @allow("records.view")
    @conditional(*VACCINE_TABLES)
    @ns.doc(params=PARAMETERS)
    @gives(shapes.VaccineOut, many=True)
    def get(self) -> Any:
        """The vaccines whose route of administration is known."""
        return list_response(listings.VACCINES, where=[Vaccine.route_administration_id.is_not(None)])


@ns.route("/vaccines/by-route/<int:id>")
class VaccinesByRoute(Resource):
    """Vaccines of a route."""

    @allow("records.view")
    @conditional(*VACCINE_TABLES)
    @ns.doc(params=PARAMETERS)
    @gives(shapes.VaccineOut, many=True)
    def get(self, id: int) -> Any:
        """The vaccines given by a route of administration."""
        return _by_route(listings.VACCINES, id)


@ns.route("/vaccinations/due")
class VaccinationsDue(Resource):
    """Doses that are due."""

    @allow("records.view")
    @asks(work.DueIn)
    @gives(work.DueOut, many=True)
    def get(self, query: work.DueIn) -> Any:
        """The doses that living animals are due within `days` days, the longest overdue first."""
        rows, total = due(**query.model_dump())
        return paged(written(work.DueOut, rows, many=True), query.page, query.limit, total)
