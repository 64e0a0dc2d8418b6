"""Table 1.4 of the contract: by what each list is searched, filtered and sorted. Ours may do more, never less."""

# National plans are true or false here, not a text, so that no word is searched in them.
TABLE = """
users                 | fullname, email | role, status, created_at | id, fullname, email, identification, created_at, updated_at
species               | name | created_at | id, name, created_at, updated_at
breeds                | name | species_id, created_at | id, name, created_at, updated_at
animals               | record | sex, status, breeds_id, birth_date, weight, created_at, idFather, idMother | id, record, birth_date, weight, created_at, updated_at
fields                | name, ubication, handlings | state, food_type_id, capacity, area, created_at | id, name, capacity, area, created_at, updated_at
food_types            | food_type, handlings | sowing_date, harvest_date, area, created_at | id, food_type, sowing_date, harvest_date, area, created_at, updated_at
diseases              | name, symptoms, details | created_at | id, name, created_at, updated_at
medications           | name, description, indications | route_administration_id, availability, created_at | id, name, created_at, updated_at
vaccines              | name | target_disease_id, type, route_administration_id, created_at | id, name, created_at, updated_at
route-administrations | name, description | status, created_at | id, name, created_at, updated_at
controls              | description | animal_id, health_status, checkup_date, created_at | id, checkup_date, created_at, updated_at
vaccinations          | | animal_id, vaccine_id, instructor_id, apprentice_id, vaccination_date, created_at | id, vaccination_date, created_at, updated_at
treatments            | description, observations | animal_id, treatment_date, created_at | id, treatment_date, created_at, updated_at
treatment-medications | | treatment_id, medication_id | id
treatment-vaccines    | | treatment_id, vaccine_id | id
animal-fields         | notes | animal_id, field_id, assignment_date, removal_date | id, assignment_date, removal_date
animal-diseases       | notes, status | animal_id, disease_id, instructor_id, status, diagnosis_date | id, diagnosis_date
genetic-improvements  | details, results, genetic_event_technique | date, animal_id | id, date, created_at
"""  # noqa: E501


def _names(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(",") if name.strip()]


_CELLS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
SEARCHED = {slug: _names(cell) for slug, cell, _, _ in _CELLS}
FILTERED = {slug: _names(cell) for slug, _, cell, _ in _CELLS}
SORTED = {slug: _names(cell) for slug, _, _, cell in _CELLS}
