"""The records half of section 5 of the contract: what the web client asks of each list, and which fields it reads.

`{name}` is a value of that column that some row has; where the client calls it otherwise, `{name:column}`.
"""

# The list, the query string as it is sent, and the fields the screen reads.
READS = """
users       limit=20&sort=createdAt&dir=desc    id,identification,fullname,email,phone,address,role,status,created_at,updated_at
users       page=1&limit=10                     id,identification,fullname,email,phone,address,role,status
users       limit=1000                          id,fullname,role
species     fields=id,name,created_at,updated_at id,name,created_at,updated_at
breeds      fields=id,name,species_id,created_at,updated_at id,name,species_id,created_at,updated_at
breeds      species_id={species_id}             id,name,species_id
animals     -                                   id,record,sex,status,breeds_id,birth_date,weight,idFather,idMother
animals     page=1&limit=10                     id,record,age_in_days,age_in_months,is_adult,updated_at
animals     page=1&page_size=1000               id,record
animals     limit=1000&sort=created_at&sort_dir=desc id,record,sex
fields      limit=100                           id,name,ubication,capacity,state,handlings,gauges,area,food_type_id,animal_count
food_types  page=1&limit=10&cache_bust=17643    id,food_type,handlings,gauges,sowing_date,harvest_date,area
food_types  limit=10000                         id,food_type
diseases    page=1&limit=10                     id,name,symptoms,details,created_at,updated_at
medications page=1&limit=10                     id,name,description,dosis,availability,indications,contraindications
medications limit=200                           id,name,route_administration_id
vaccines    page=1&limit=10&_ts=1764300000      id,name,type,dosis,vaccination_interval,national_plan,target_disease_id
route-administrations page=1&limit=10           id,name,description,status
controls    page=1&limit=10                     id,animal_id,checkup_date,weight,height,description,health_status
controls    animal_id={animal_id}&limit=1000    id,checkup_date,weight,height,health_status
controls    fields=id,control_date,animal_id,health_status id,animal_id,health_status
vaccinations page=1&limit=10                    id,animal_id,vaccine_id,vaccination_date,apprentice_id,instructor_id
treatments  page=1&limit=10                     id,animal_id,treatment_date,description,diagnosis,dosis,frequency,observations
treatment-medications treatment_id={treatment_id}&treatmentId={treatment_id}&sort_by=id&sort_dir=desc&limit=50 id,treatment_id,medication_id,medication_name
treatment-medications treatment_id={treatment_id}&treatmentId={treatment_id}&sort_by=id&sort_dir=desc&limit=50&page=2 id
treatment-vaccines treatment_id={treatment_id}&treatmentId={treatment_id}&sort_by=id&sort_dir=desc&limit=50 id,vaccine_id,dose,vaccine_name
animal-diseases include_relations=animals,diseases,instructors&fields=animal_record,disease_name,instructor_fullname id,animal_record,disease_name,instructor_fullname
animal-diseases page=1&limit=10                 id,animal_id,disease_id,instructor_id,diagnosis_date,status,notes
animal-fields page=1&limit=10                   id,animal_id,field_id,assignment_date,removal_date,notes,is_active,field_name
genetic-improvements page=1&page_size=1000      id,animal_id,date,genetic_event_technique,details,results
"""  # noqa: E501
# What it counts before it deletes one of the first: the lists that may hold dependants, by which filter.
CHECKS = """
species      breeds.species_id
breeds       animals.breed_id:breeds_id
fields       animal-fields.field_id
diseases     animal-diseases.disease_id vaccines.target_disease_id
medications  treatment-medications.medication_id
vaccines     vaccinations.vaccine_id treatment-vaccines.vaccine_id
treatments   treatment-medications.treatment_id treatment-vaccines.treatment_id
route-administrations vaccines.route_administration_id medications.route_administration_id
food_types   fields.food_type_id controls.food_type_id:
users        treatments.instructor_id: vaccinations.instructor_id animal-diseases.instructor_id animals.user_id:
animals      animals.father_id:idFather animals.mother_id:idMother treatments.animal_id vaccinations.animal_id animal-diseases.animal_id animal-fields.animal_id genetic-improvements.animal_id
"""  # noqa: E501


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]
