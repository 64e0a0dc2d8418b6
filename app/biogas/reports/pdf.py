"""The PDF report: puts cover and sections on numbered A4 pages. Same data, same bytes."""

import io
from collections.abc import Callable
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    FrameBreak,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
)
from reportlab.platypus.frames import Frame

from app.biogas.reports.cover import band_frame, band_title, cover_body
from app.biogas.reports.data import ReportData
from app.biogas.reports.figures import derived
from app.biogas.reports.method import method_section
from app.biogas.reports.quality import quality_section
from app.biogas.reports.sections import (
    charts_section,
    closing_section,
    daily_section,
)
from app.biogas.reports.style import (
    BAND_HEIGHT,
    BOLD,
    FOREST,
    LEAF,
    MARGIN,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    REGULAR,
    RULE,
    STONE,
    TEXT_WIDTH,
)
from app.biogas.reports.wording import KIND_LABELS, PRODUCT, local_minute, printable

_FOOTER_HEIGHT = 20 * mm
_HEADER_HEIGHT = 24 * mm
_HEADER_HALF = 0.48 * TEXT_WIDTH


def report_pdf(data: ReportData) -> bytes:
    """The whole report as PDF bytes; a function of `data` alone, dated `data.generated_at`."""
    output = io.BytesIO()
    document = BaseDocTemplate(
        output,
        title=f"{KIND_LABELS[data.kind]} n.º {data.report_id}",
        author=printable(data.author),
        subject=printable(f"{data.farm_name}, {data.digester_name}, etapa {data.filling_number}"),
        creator=PRODUCT,
        invariant=1,
        lang="es",
    )
    document.addPageTemplates(_page_templates(data))
    document.build(_story(data), canvasmaker=_numbered_canvas(data))
    return output.getvalue()


def _story(data: ReportData) -> list[Flowable]:
    figures = derived(data)
    return [
        *band_title(data),
        FrameBreak(),
        NextPageTemplate("inner"),
        *cover_body(data, figures),
        PageBreak(),
        *charts_section(data),
        *daily_section(data),
        *quality_section(data, figures),
        *method_section(data),
        *closing_section(data),
    ]


def _page_templates(data: ReportData) -> list[PageTemplate]:
    body_height = PAGE_HEIGHT - BAND_HEIGHT - _FOOTER_HEIGHT - 6 * mm
    body = Frame(MARGIN, _FOOTER_HEIGHT, TEXT_WIDTH, body_height, 0, 0, 0, 0, id="body")
    inner_height = PAGE_HEIGHT - _FOOTER_HEIGHT - _HEADER_HEIGHT
    inner = Frame(MARGIN, _FOOTER_HEIGHT, TEXT_WIDTH, inner_height, 0, 0, 0, 0, id="inner")
    return [
        PageTemplate("cover", [band_frame(), body], onPage=lambda canvas, _: _draw_band(canvas, data)),
        PageTemplate("inner", [inner], onPage=lambda canvas, _: _draw_header(canvas, data)),
    ]


def _draw_band(canvas: Canvas, data: ReportData) -> None:
    """The cover's green band, with the shape of the expected production faintly along its foot."""
    bottom = PAGE_HEIGHT - BAND_HEIGHT
    canvas.setFillColor(FOREST)
    canvas.rect(0, bottom, PAGE_WIDTH, BAND_HEIGHT, stroke=0, fill=1)
    volumes = [day.expected_nm3 for day in data.days]
    highest = max(volumes, default=0.0)
    if len(volumes) < 3 or highest <= 0:
        return
    silhouette = canvas.beginPath()
    silhouette.moveTo(0, bottom)
    for index, volume in enumerate(volumes):
        silhouette.lineTo(PAGE_WIDTH * index / (len(volumes) - 1), bottom + 26 * mm * volume / highest)
    silhouette.lineTo(PAGE_WIDTH, bottom)
    canvas.setFillColor(LEAF)
    canvas.setFillAlpha(0.35)
    canvas.drawPath(silhouette, stroke=0, fill=1)
    canvas.setFillAlpha(1)


def _draw_header(canvas: Canvas, data: ReportData) -> None:
    y = PAGE_HEIGHT - 15 * mm
    canvas.setFont(BOLD, 9)
    canvas.setFillColor(FOREST)
    canvas.drawString(MARGIN, y, _shortened(data.farm_name, "", BOLD, 9))
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(STONE)
    subject = _shortened(data.digester_name, f" · Etapa n.º {data.filling_number}", REGULAR, 8)
    canvas.drawRightString(PAGE_WIDTH - MARGIN, y, subject)
    canvas.setStrokeColor(LEAF)
    canvas.setLineWidth(0.8)
    canvas.line(MARGIN, y - 3 * mm, PAGE_WIDTH - MARGIN, y - 3 * mm)


def _shortened(name: str, ending: str, font: str, size: float) -> str:
    """The name, cut until it and its ending fit half of the header."""
    shown = printable(name).replace("\n", " ").strip()
    if stringWidth(shown + ending, font, size) <= _HEADER_HALF:
        return shown + ending
    while shown and stringWidth(f"{shown}…{ending}", font, size) > _HEADER_HALF:
        shown = shown[:-1]
    return f"{shown}…{ending}"


def _draw_footer(canvas: Canvas, data: ReportData, page: int, pages: int) -> None:
    y = 11 * mm
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, y + 4 * mm, PAGE_WIDTH - MARGIN, y + 4 * mm)
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(STONE)
    canvas.drawString(MARGIN, y, f"Generado: {local_minute(data.generated_at, data.timezone)}")
    canvas.drawRightString(PAGE_WIDTH - MARGIN, y, f"Página {page} de {pages}")


def _numbered_canvas(data: ReportData) -> Callable[..., Canvas]:
    """A canvas class that holds its pages back until their number is known, then writes the footers."""

    class NumberedCanvas(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.setDateFormatter(lambda *_: f"D:{data.generated_at:%Y%m%d%H%M%S}Z")
            self._finished_pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802
            self._finished_pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            for number, page in enumerate(self._finished_pages, start=1):
                self.__dict__.update(page)
                _draw_footer(self, data, number, len(self._finished_pages))
                super().showPage()
            super().save()

    return NumberedCanvas
