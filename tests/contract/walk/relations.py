"""Tables 1.2 and 1.3 of the contract: what an answer has besides its columns, and where it comes from."""

# Fields that are a column of a record elsewhere: the keys and resources on the way, and the column.
BORROWED = """
animal-fields          animal_record        animal_id>animals.record
animal-fields          field_name           field_id>fields.name
animal-diseases        animal_record        animal_id>animals.record
animal-diseases        disease_name         disease_id>diseases.name
animal-diseases        instructor_name      instructor_id>users.fullname
animal-diseases        instructor_fullname  instructor_id>users.fullname
vaccinations           animal_record        animal_id>animals.record
vaccinations           vaccine_name         vaccine_id>vaccines.name
vaccinations           apprentice_name      apprentice_id>users.fullname
vaccinations           instructor_name      instructor_id>users.fullname
treatment-medications  treatment_diagnosis  treatment_id>treatments.description
treatment-medications  medication_name      medication_id>medications.name
treatment-vaccines     treatment_diagnosis  treatment_id>treatments.description
treatment-vaccines     vaccine_name         vaccine_id>vaccines.name
treatment-vaccines     animal_record        treatment_id>treatments.animal_id>animals.record
vaccines               route_administration_name route_administration_id>route-administrations.name
vaccines               target_disease_name  target_disease_id>diseases.name
"""
# The single records that include_relations shows: the key they come by, the resource, their fields.
SINGLE = """
animals                breed                     breeds_id      breeds      id,name,species_id
animals                father                    idFather       animals     id,record,sex
animals                mother                    idMother       animals     id,record,sex
breeds                 species                   species_id     species     id,name
fields                 food_types                food_type_id   food_types  id,food_type,handlings
animal-fields          animal                    animal_id      animals     id,record,sex,status
animal-fields          field                     field_id       fields      id,name,ubication,capacity
animal-diseases        animal                    animal_id      animals     id,record
animal-diseases        disease                   disease_id     diseases    id,name
animal-diseases        instructor                instructor_id  users       id,fullname,role
controls               animals                   animal_id      animals     id,record
treatments             animals                   animal_id      animals     id,record
genetic-improvements   animals                   animal_id      animals     id,record
vaccinations           animals                   animal_id      animals     id,record
vaccinations           vaccines                  vaccine_id     vaccines    id,name,type
vaccinations           apprentice                apprentice_id  users       id,fullname
vaccinations           instructor                instructor_id  users       id,fullname
medications            route_administration_rel  route_administration_id route-administrations id,name
vaccines               diseases                  target_disease_id diseases id,name
vaccines               route_administration_rel  route_administration_id route-administrations id,name
treatment-medications  treatments                treatment_id   treatments  id,treatment_date,animal_id
treatment-medications  medications               medication_id  medications id,name,dosis
treatment-vaccines     treatments                treatment_id   treatments  id
treatment-vaccines     vaccines                  vaccine_id     vaccines    id,name
"""
# The lists that it shows: the resource of their records, and the key by which those point back.
LISTS = """
animals     treatments             treatments             animal_id
animals     vaccinations           vaccinations           animal_id
animals     diseases               animal-diseases        animal_id
animals     controls               controls               animal_id
animals     images                 animal-images          animal_id
breeds      animals                animals                breeds_id
species     breeds                 breeds                 species_id
fields      animal_fields          animal-fields          field_id
treatments  vaccines_treatments    treatment-vaccines     treatment_id
treatments  medication_treatments  treatment-medications  treatment_id
medications treatments             treatment-medications  medication_id
food_types  fields                 fields                 food_type_id
"""
MOST = 50


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]
