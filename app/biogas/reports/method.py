"""The PDF's section on how the figures were computed: method, parameters, conditions, energy."""

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, LongTable, Paragraph, Spacer

from app.biogas.reports.data import Energy, ReportData
from app.biogas.reports.layout import data_table, escaped, paragraph, rows_table
from app.biogas.reports.style import BODY, BOLD, CELL, HEADING, NOTE, SMALL_CELL, SUBHEADING, TEXT_WIDTH
from app.biogas.reports.wording import NOTHING, REFERENCE_CONDITIONS, decimal

_METHOD = (
    "La producción estimada parte de los sólidos volátiles del material cargado (masa, humedad y relación "
    "SV/ST), su potencial de metano, una cinética de degradación corregida por temperatura y un retardo "
    "inicial. La banda recoge los valores bajo y alto de esos parámetros. La producción real proviene del "
    "medidor de gas, con los reinicios, picos y huecos tratados, y se lleva a las mismas condiciones."
)


def method_section(data: ReportData) -> list[Flowable]:
    """How expected and actual were computed, with every parameter, its range and its source."""
    head: list[Flowable] = [
        Paragraph("Método y parámetros", HEADING),
        Paragraph(_METHOD, BODY),
        _labelled("Condiciones de referencia (Nm³)", REFERENCE_CONDITIONS),
        _labelled("Condiciones del medidor", data.meter_conditions or NOTHING),
        _labelled("Días", f"de medianoche a medianoche en la zona horaria {data.timezone}"),
    ]
    if data.parameters:
        head += [Spacer(0, 2 * mm), _parameters(data)]
    if data.energy is not None:
        head += _energy(data.energy)
    return head


def _labelled(label: str, text: str) -> Paragraph:
    return Paragraph(f"<b>{label}:</b> {escaped(text, 600)}", BODY)


def _parameters(data: ReportData) -> LongTable:
    rows = [
        [
            paragraph(parameter.label, SMALL_CELL, 200),
            *(decimal(value, 3) for value in (parameter.low, parameter.default, parameter.high)),
            paragraph(parameter.unit, SMALL_CELL, 60),
            paragraph(parameter.provenance, SMALL_CELL, 400),
        ]
        for parameter in data.parameters
    ]
    widths = [46 * mm, 17 * mm, 17 * mm, 17 * mm, 26 * mm, TEXT_WIDTH - 123 * mm]
    table = data_table(["Parámetro", "Bajo", "Valor", "Alto", "Unidad", "Procedencia"], rows, widths, 1)
    table.setStyle(
        [
            ("ALIGN", (4, 0), (5, -1), "LEFT"),
            ("LEFTPADDING", (4, 0), (4, -1), 10),
            ("FONTNAME", (2, 1), (2, -1), BOLD),
        ]
    )
    return table


def _energy(energy: Energy) -> list[Flowable]:
    pairs = [
        ("Metano medido", f"{decimal(energy.methane_nm3)} Nm³"),
        ("Energía (poder calorífico inferior)", f"{decimal(energy.energy_kwh)} kWh"),
    ]
    if energy.electricity_kwh is not None:
        pairs.append(("Electricidad posible", f"{decimal(energy.electricity_kwh)} kWh"))
    if energy.co2e_kg is not None:
        pairs.append(("Emisiones evitadas", f"{decimal(energy.co2e_kg)} kg CO2e"))
    rows = [[paragraph(text, CELL) for text in pair] for pair in pairs]
    table = rows_table(rows, [70 * mm, TEXT_WIDTH - 70 * mm])
    return [
        KeepTogether(
            [
                Paragraph("Energía y clima", SUBHEADING),
                table,
                Spacer(0, 1 * mm),
                paragraph(energy.note, NOTE, 1000),
            ]
        )
    ]
