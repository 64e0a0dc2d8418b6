"""What the farm has on its shelves and in its books: diseases, routes, medications, vaccines. Data, and storing it."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import select

from app.core import records
from app.core.extensions import db
from app.health import catalogues
from app.health.models import Disease, Medication, RouteAdministration, Vaccine

DISEASES = (
    (
        "Mastitis clínica",
        "Ubre inflamada y caliente, leche con grumos",
        "Cuarto afectado se ordeña de último",
    ),
    ("Anaplasmosis", "Fiebre, palidez de mucosas, debilidad", "Transmitida por garrapatas y moscas"),
    ("Babesiosis", "Fiebre alta, orina oscura", "Transmitida por garrapatas"),
    ("Neumonía", "Tos, respiración rápida, secreción nasal", "Frecuente en terneros en época de lluvias"),
    ("Diarrea neonatal", "Heces líquidas, deshidratación", "Revisar calostro e higiene de la sala cuna"),
    (
        "Cojera por pododermatitis",
        "Apoyo incompleto, mal olor en la pezuña",
        "Piso húmedo y con piedra suelta",
    ),
    ("Metritis", "Descarga uterina fétida después del parto", "Control entre los días 5 y 21 posparto"),
    ("Parasitismo gastrointestinal", "Pelo hirsuto, pérdida de peso", "Confirmar con coprológico (OPG)"),
    ("Queratoconjuntivitis", "Lagrimeo, ojo opaco", "La llevan las moscas de un animal a otro"),
    ("Hipocalcemia puerperal", "Debilidad, temblor, decúbito tras el parto", "Vacas de alta producción"),
    ("Timpanismo", "Abdomen distendido por el lado izquierdo", "Pastoreo de leguminosas con rocío"),
    ("Fotosensibilización", "Piel inflamada en zonas claras", "Pastoreo de Brachiaria decumbens"),
    ("Fiebre aftosa", "Vesículas en boca y pezuñas", "De declaración obligatoria ante el ICA"),
    (
        "Brucelosis",
        "Aborto en el último tercio, retención de placenta",
        "De declaración obligatoria; zoonosis",
    ),
    ("Carbón sintomático", "Inflamación crepitante, muerte súbita", "Animales jóvenes en buen estado"),
    ("Rabia silvestre", "Parálisis progresiva, salivación", "La transmite el murciélago hematófago"),
    ("Leptospirosis", "Abortos, orina rojiza", "Zoonosis; controlar roedores"),
    ("Clostridiosis", "Muerte súbita, convulsiones", "Ovinos bien alimentados"),
)
ROUTES = (
    ("Intramuscular", "En la tabla del cuello"),
    ("Subcutánea", "Bajo la piel, detrás de la paleta"),
    ("Intravenosa", "En la vena yugular, lentamente"),
    ("Oral", "Con pistola dosificadora o en bolo"),
    ("Intramamaria", "Por el canal del pezón, después del ordeño"),
    ("Tópica", "Sobre la piel o la pezuña"),
    ("Intrauterina", "Con catéter, por personal capacitado"),
    ("Oftálmica", "En el saco conjuntival"),
)
# Name, description, indications, contraindications, dose, route.
MEDICATIONS = (
    ("Oxitetraciclina LA 20 %", "Antibiótico", "Anaplasmosis, neumonía", "Daño renal", "1 ml/10 kg", "Intramuscular"),
    ("Penicilina G procaínica", "Antibiótico", "Infecciones de la piel", "Alergia", "1 ml/15 kg", "Intramuscular"),
    ("Enrofloxacina 10 %", "Antibiótico", "Neumonía y diarrea", "Terneros muy jóvenes", "1 ml/20 kg", "Subcutánea"),
    ("Ceftiofur 50 mg/ml", "Antibiótico", "Metritis, cojeras", "Alergia", "1 ml/50 kg", "Intramuscular"),
    ("Cefapirina intramamaria", "Antibiótico", "Mastitis clínica", "Alergia", "1 jeringa/cuarto", "Intramamaria"),
    ("Imidocarb 12 %", "Antiprotozoario", "Babesiosis", "No intravenosa", "1 ml/100 kg", "Subcutánea"),
    ("Ivermectina 1 %", "Antiparasitario", "Gusanos y garrapatas", "Vacas en ordeño", "1 ml/50 kg", "Subcutánea"),
    ("Fenbendazol 10 %", "Antiparasitario", "Nematodos gastrointestinales", "Ninguna conocida", "5 ml/100 kg", "Oral"),
    ("Flunixin meglumine", "Antiinflamatorio", "Fiebre y dolor", "Úlcera del cuajar", "2 ml/45 kg", "Intravenosa"),
    ("Meloxicam 2 %", "Antiinflamatorio", "Cojeras, mastitis", "Animales deshidratados", "1 ml/40 kg", "Subcutánea"),
    ("Borogluconato de calcio", "Mineral", "Hipocalcemia", "Cardiopatía", "500 ml por animal", "Intravenosa"),
    ("Suero oral rehidratante", "Electrolitos", "Diarrea del ternero", "Ninguna conocida", "2 l cada 12 h", "Oral"),
    ("Silicona antiespumante", "Antiflatulento", "Timpanismo", "Ninguna conocida", "100 ml por animal", "Oral"),
    ("Sulfato de cobre 5 %", "Pediluvio", "Pododermatitis", "Heridas profundas", "Baño diario", "Tópica"),
    ("Cloxacilina oftálmica", "Antibiótico", "Queratoconjuntivitis", "Alergia", "Cada 48 h", "Oftálmica"),
)  # fmt: skip
# Name, dose, route, days to the next dose, how it is made, national plan, disease.
VACCINES = (
    ("Aftosa bivalente A24-O1", "2 ml", "Subcutánea", 180, "Inactivada", True, "Fiebre aftosa"),
    ("Brucella abortus RB51", "2 ml", "Subcutánea", 0, "Atenuada", True, "Brucelosis"),
    ("Carbón sintomático y septicemia", "5 ml", "Subcutánea", 365, "Toxoide", False, "Carbón sintomático"),
    ("Rabia silvestre", "2 ml", "Intramuscular", 365, "Inactivada", True, "Rabia silvestre"),
    ("Leptospira pentavalente", "5 ml", "Intramuscular", 365, "Inactivada", False, "Leptospirosis"),
    ("Clostridial polivalente", "2 ml", "Subcutánea", 180, "Toxoide", False, "Clostridiosis"),
    ("Respiratoria IBR-DVB", "2 ml", "Intramuscular", 365, "Inactivada", False, "Neumonía"),
    ("Antitetánica", "3 ml", "Intramuscular", 0, "Toxoide", False, "Clostridiosis"),
)  # fmt: skip


class Shelf(NamedTuple):
    """The stored records of the catalogues, by name."""

    diseases: dict[str, Disease]
    medications: dict[str, Medication]
    vaccines: dict[str, Vaccine]


def fill() -> Shelf:
    """The catalogues of health with what the demonstration needs; what is there already stays as it is."""
    diseases = named(
        Disease, ({"name": name, "symptoms": seen, "details": more} for name, seen, more in DISEASES)
    )
    routes = named(RouteAdministration, ({"name": name, "description": how} for name, how in ROUTES))
    records.flush()
    ids = {name: route.id for name, route in routes.items()}
    medications = named(Medication, _medications(ids), catalogues.add_medication)
    of_disease = {name: disease.id for name, disease in diseases.items()}
    vaccines = named(Vaccine, _vaccines(ids, of_disease), catalogues.add_vaccine)
    records.flush()
    return Shelf(diseases, medications, vaccines)


def named(
    model: type[Any],
    rows: Iterable[dict[str, Any]],
    create: Callable[..., Any] | None = None,
    by: str = "name",
) -> dict[str, Any]:
    """The records of a catalogue by name, those that are missing created."""
    found = {getattr(record, by).casefold(): record for record in db.session.scalars(select(model))}
    wanted = {}
    for row in rows:
        key = row[by]
        if (record := found.get(key.casefold())) is None:
            record = create(**row) if create else records.create(model, **row)
        wanted[key] = record
    return wanted


def _medications(routes: dict[str, int]) -> Iterable[dict[str, Any]]:
    names = ("name", "description", "indications", "contraindications", "dosis")
    for place, (*texts, route) in enumerate(MEDICATIONS):
        row = dict(zip(names, texts, strict=True))
        yield {**row, "route_administration_id": routes[route], "availability": place % 7 != 3}


def _vaccines(routes: dict[str, int], diseases: dict[str, int]) -> Iterable[dict[str, Any]]:
    for name, dose, route, interval, made, national, disease in VACCINES:
        yield {
            "name": name,
            "dosis": dose,
            "route_administration_id": routes[route],
            "vaccination_interval": interval,
            "type": made,
            "national_plan": national,
            "target_disease_id": diseases[disease],
        }
