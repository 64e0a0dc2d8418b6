"""Section 3.6 of the contract: what points at each resource, by which key, and what becomes of it on deletion."""

# A resource, and the tables that stand in the way of deleting one of it.
BLOCKING = """
users                 animal_diseases.instructor_id vaccinations.apprentice_id vaccinations.instructor_id
species               breeds.species_id
breeds                animals.breeds_id
animals               animals.father_id animals.mother_id
fields                animal_fields.field_id
food_types            fields.food_type_id
diseases              animal_diseases.disease_id vaccines.target_disease_id
medications           treatment_medications.medication_id
vaccines              vaccinations.vaccine_id treatment_vaccines.vaccine_id
route-administrations medications.route_administration_id vaccines.route_administration_id
treatments            treatment_medications.treatment_id treatment_vaccines.treatment_id
controls
vaccinations
treatment-medications
treatment-vaccines
animal-fields
animal-diseases
genetic-improvements
"""
# What is deleted together with an animal.
WITH_AN_ANIMAL = [
    *("treatments", "vaccinations", "animal_diseases", "controls", "genetic_improvements"),
    *("animal_fields", "animal_images", "animal_tags", "animal_status_changes"),
]
BLOCKERS = {line.split()[0]: line.split()[1:] for line in BLOCKING.strip().splitlines()}
