"""What the lists of health show: derived columns, search, relations."""

from sqlalchemy.orm import aliased

from app.core.lists import Listing
from app.core.relations import many, one
from app.health.models import (
    AnimalDisease,
    Disease,
    Medication,
    RouteAdministration,
    Treatment,
    TreatmentMedication,
    TreatmentVaccine,
    Vaccination,
    Vaccine,
)
from app.health.record_schemas import (
    AnimalDiseaseOut,
    TreatmentMedicationOut,
    TreatmentOut,
    TreatmentVaccineOut,
    VaccinationOut,
)
from app.health.schemas import DiseaseOut, MedicationOut, RouteAdministrationOut, VaccineOut
from app.herd.models import Animal
from app.users.models import User

Apprentice, Instructor = aliased(User), aliased(User)
RECORD = Animal.record.expression
ANIMAL = one("animals", "animal_id", "id", "record", "sex", "status")
INSTRUCTOR = one("users", "instructor_id", "id", "fullname", "role")
ROUTE = one("route_administrations", "route_administration_id", "id", "name")
TREATMENT = one("treatments", "treatment_id", "id", "treatment_date", "animal_id")

DISEASES = Listing(Disease, DiseaseOut, search=("name", "symptoms", "details"))

ROUTES = Listing(RouteAdministration, RouteAdministrationOut, search=("name", "description"))

ANIMAL_DISEASES = Listing(
    AnimalDisease,
    AnimalDiseaseOut,
    search=("notes", "status", "animal_record", "disease_name", "instructor_name"),
    extra={
        "animal_record": RECORD,
        "disease_name": Disease.name.expression,
        "instructor_name": User.fullname.expression,
        "instructor_fullname": User.fullname.expression,
    },
    joins=(
        (Animal, AnimalDisease.animal_id == Animal.id),
        (Disease, AnimalDisease.disease_id == Disease.id),
        (User, AnimalDisease.instructor_id == User.id),
    ),
    relations={
        "animal": ANIMAL,
        "disease": one("diseases", "disease_id", "id", "name"),
        "instructor": INSTRUCTOR,
    },
)

MEDICATIONS = Listing(
    Medication,
    MedicationOut,
    search=("name", "description", "indications", "contraindications", "route_administration_name"),
    extra={"route_administration_name": RouteAdministration.name.expression},
    joins=((RouteAdministration, Medication.route_administration_id == RouteAdministration.id),),
    relations={
        "route_administration_rel": ROUTE,
        "treatments": many("treatment_medications", "medication_id", "id", "treatment_id"),
    },
)

VACCINES = Listing(
    Vaccine,
    VaccineOut,
    search=("name", "dosis", "type", "target_disease_name", "route_administration_name"),
    extra={
        "route_administration_name": RouteAdministration.name.expression,
        "target_disease_name": Disease.name.expression,
    },
    joins=(
        (RouteAdministration, Vaccine.route_administration_id == RouteAdministration.id),
        (Disease, Vaccine.target_disease_id == Disease.id),
    ),
    relations={
        "diseases": one("diseases", "target_disease_id", "id", "name"),
        "route_administration_rel": ROUTE,
    },
)

VACCINATIONS = Listing(
    Vaccination,
    VaccinationOut,
    search=("animal_record", "vaccine_name", "apprentice_name", "instructor_name"),
    extra={
        "animal_record": RECORD,
        "vaccine_name": Vaccine.name.expression,
        "apprentice_name": Apprentice.fullname.expression,
        "instructor_name": Instructor.fullname.expression,
    },
    joins=(
        (Animal, Vaccination.animal_id == Animal.id),
        (Vaccine, Vaccination.vaccine_id == Vaccine.id),
        (Apprentice, Vaccination.apprentice_id == Apprentice.id),
        (Instructor, Vaccination.instructor_id == Instructor.id),
    ),
    relations={
        "animals": ANIMAL,
        "vaccines": one("vaccines", "vaccine_id", "id", "name", "type"),
        "apprentice": one("users", "apprentice_id", "id", "fullname", "role"),
        "instructor": INSTRUCTOR,
    },
)

TREATMENTS = Listing(
    Treatment,
    TreatmentOut,
    search=("description", "observations", "treatment_type", "veterinarian", "notes", "animal_record"),
    extra={"animal_record": RECORD, "diagnosis": Treatment.description.expression},
    joins=((Animal, Treatment.animal_id == Animal.id),),
    relations={
        "animals": ANIMAL,
        "vaccines_treatments": many("treatment_vaccines", "treatment_id", "id", "vaccine_id", "dose"),
        "medication_treatments": many("treatment_medications", "treatment_id", "id", "medication_id"),
    },
)

TREATMENT_MEDICATIONS = Listing(
    TreatmentMedication,
    TreatmentMedicationOut,
    search=("treatment_diagnosis", "medication_name", "animal_record"),
    extra={
        "treatment_diagnosis": Treatment.description.expression,
        "medication_name": Medication.name.expression,
        "animal_record": RECORD,
    },
    joins=(
        (Treatment, TreatmentMedication.treatment_id == Treatment.id),
        (Medication, TreatmentMedication.medication_id == Medication.id),
        (Animal, Treatment.animal_id == Animal.id),
    ),
    relations={
        "treatments": TREATMENT,
        "medications": one("medications", "medication_id", "id", "name", "dosis"),
    },
)

TREATMENT_VACCINES = Listing(
    TreatmentVaccine,
    TreatmentVaccineOut,
    search=("dose", "treatment_diagnosis", "vaccine_name", "animal_record"),
    extra={
        "treatment_diagnosis": Treatment.description.expression,
        "vaccine_name": Vaccine.name.expression,
        "animal_record": RECORD,
    },
    joins=(
        (Treatment, TreatmentVaccine.treatment_id == Treatment.id),
        (Vaccine, TreatmentVaccine.vaccine_id == Vaccine.id),
        (Animal, Treatment.animal_id == Animal.id),
    ),
    relations={
        "treatments": TREATMENT,
        "vaccines": one("vaccines", "vaccine_id", "id", "name", "type"),
    },
)
