"""The first page of the PDF: title band, key figures, summary. Later pages are in sections.py."""

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepInFrame, Paragraph, Spacer, Table
from reportlab.platypus.frames import Frame

from app.biogas.reports.data import ReportData
from app.biogas.reports.figures import ENOUGH_COVERAGE, Derived, automatic_inference
from app.biogas.reports.layout import escaped, paragraph, rows_table
from app.biogas.reports.style import (
    BAND_HEIGHT,
    BODY,
    CARD_LABEL,
    CARD_NOTE,
    CARD_VALUE,
    CELL,
    COVER_FARM,
    COVER_KIND,
    COVER_LINE,
    LEAF,
    MARGIN,
    MINT,
    PAGE_HEIGHT,
    PALE,
    TEXT_WIDTH,
)
from app.biogas.reports.wording import (
    KIND_LABELS,
    NOTHING,
    PRODUCT,
    compact,
    decimal,
    long_day,
    percent,
    signed_percent,
)

_NAME_CHARACTERS = 120
_CELL_CHARACTERS = 72
_GAP = 4 * mm


def band_frame() -> Frame:
    """Where the title stands, inside the coloured band at the top of the cover."""
    inset = 8 * mm
    height = BAND_HEIGHT - 20 * mm
    return Frame(MARGIN, PAGE_HEIGHT - inset - height, TEXT_WIDTH, height, 0, 0, 0, 0, id="band")


def band_title(data: ReportData) -> list[Flowable]:
    """Farm, type of report, digester, filling and period; shrunk when the names are long."""
    filling = f"{escaped(data.digester_name, _NAME_CHARACTERS)} · Etapa n.º {data.filling_number}"
    lines: list[Flowable] = [
        Paragraph(f"{PRODUCT} · Producción de biogás", COVER_LINE),
        Spacer(0, 7 * mm),
        paragraph(data.farm_name, COVER_FARM, _NAME_CHARACTERS),
        Paragraph(KIND_LABELS[data.kind], COVER_KIND),
        Paragraph(f"Biodigestor: {filling}", COVER_LINE),
        Paragraph(f"Período: {_period(data)}", COVER_LINE),
        Paragraph(f"Reporte n.º {data.report_id}", COVER_LINE),
    ]
    return [KeepInFrame(TEXT_WIDTH, BAND_HEIGHT - 22 * mm, lines, mode="shrink")]


def cover_body(data: ReportData, figures: Derived) -> list[Flowable]:
    """Key figures, the sentence that sums them up, and the summary table."""
    sentence = Table([[paragraph(automatic_inference(data), BODY)]], colWidths=[TEXT_WIDTH])
    sentence.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), PALE),
            ("LINEBEFORE", (0, 0), (0, -1), 3, LEAF),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
        ]
    )
    return [_cards(data, figures), Spacer(0, 7 * mm), sentence, Spacer(0, 7 * mm), _summary(data)]


def _period(data: ReportData) -> str:
    count = (data.period_to - data.period_from).days + 1
    days = "1 día" if count == 1 else f"{count} días"
    return f"{long_day(data.period_from)} – {long_day(data.period_to)} ({days})"


def _cards(data: ReportData, figures: Derived) -> Table:
    width = (TEXT_WIDTH - 3 * _GAP) / 4
    cards = [
        _card("PRODUCCIÓN REAL", _volume(data.actual_total_nm3), _at_meter(data), width),
        _card("PRODUCCIÓN ESTIMADA", _volume(data.expected_total_nm3), _band(figures), width),
        _card("DIFERENCIA", signed_percent(figures.difference_pct), _judgement(data, figures), width),
        _card("COBERTURA DE DATOS", percent(data.coverage), _measured_days(data), width),
    ]
    row = [cell for card in cards for cell in (card, "")][:-1]
    table = Table([row], colWidths=[width, _GAP, width, _GAP, width, _GAP, width])
    table.setStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)])
    return table


def _card(label: str, value: str, note: str, width: float) -> Table:
    cells = [[Paragraph(label, CARD_LABEL)], [Paragraph(value, CARD_VALUE)], [Paragraph(note, CARD_NOTE)]]
    card = Table(cells, colWidths=[width], rowHeights=[8 * mm, 10 * mm, 11 * mm])
    card.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), MINT),
            ("LINEABOVE", (0, 0), (-1, 0), 2, LEAF),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 7),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ]
    )
    return card


def _volume(volume_nm3: float | None) -> str:
    if volume_nm3 is None:
        return NOTHING
    return f'{compact(volume_nm3)} <font size="9">Nm³</font>'


def _at_meter(data: ReportData) -> str:
    if data.actual_total_m3 is None:
        return "Sin lecturas del medidor"
    return f"{compact(data.actual_total_m3)} m³ en el medidor"


def _band(figures: Derived) -> str:
    return f"Banda: {compact(figures.expected_low_nm3)} a {compact(figures.expected_high_nm3)} Nm³"


def _judgement(data: ReportData, figures: Derived) -> str:
    if figures.difference_pct is None:
        return "Nada que comparar"
    if data.coverage is None or data.coverage < ENOUGH_COVERAGE:
        return "No concluyente: faltan datos"
    return "Dentro de la banda esperada" if figures.inside_band else "Fuera de la banda esperada"


def _measured_days(data: ReportData) -> str:
    measured = sum(day.actual_nm3 is not None for day in data.days)
    return f"{measured} de {len(data.days)} días con lecturas"


def _summary(data: ReportData) -> Table:
    ended = "En curso" if data.ended_on is None else long_day(data.ended_on)
    volume = NOTHING if data.digester_volume_m3 is None else f"{decimal(data.digester_volume_m3)} m³"
    humidity = NOTHING if data.humidity_pct is None else f"{decimal(data.humidity_pct, 1)} %"
    potential = (
        f"{decimal(data.potential_biogas_nm3)} Nm³ de biogás "
        f"({decimal(data.potential_low_nm3)} a {decimal(data.potential_high_nm3)}), "
        f"{decimal(data.potential_ch4_nm3)} Nm³ de CH4"
    )
    pairs = [
        ("Etapa", f"n.º {data.filling_number}", "Volumen", volume),
        ("Inicio", long_day(data.started_on), "Fin", ended),
        ("Material", data.material, "Cantidad", f"{decimal(data.mass_kg)} kg"),
        ("Humedad", humidity, "Agua añadida", f"{decimal(data.added_water_m3)} m³"),
        ("Temperatura", f"{decimal(data.temperature_c, 1)} °C", "Lugar", data.place or NOTHING),
        ("Responsables", data.people or NOTHING, "Autor", data.author or NOTHING),
    ]
    rows: list[list[Flowable | str]] = [
        [_cell(text, bold=index % 2 == 0) for index, text in enumerate(pair)] for pair in pairs
    ]
    rows.append([_cell("Potencial", bold=True), _cell(potential), "", ""])
    table = rows_table(rows, [30 * mm, 64 * mm, 30 * mm, TEXT_WIDTH - 124 * mm], padding=5)
    table.setStyle([("SPAN", (1, -1), (-1, -1))])
    return table


def _cell(text: str, bold: bool = False) -> Paragraph:
    shown = escaped(text, _CELL_CHARACTERS)
    return Paragraph(f"<b>{shown}</b>" if bold else shown, CELL)
