"""Blocks every part of the PDF is built from: safe paragraphs and tables. No wording, no figures."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import white
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import LongTable, Paragraph, Table

from app.biogas.reports.style import BOLD, FOREST, INK, MINT, PALE, REGULAR, RULE
from app.biogas.reports.wording import printable


def escaped(text: str, longest: int | None = None) -> str:
    """Anybody's text as paragraph markup: none of it is markup, line ends become breaks."""
    shown = printable(text.replace("\r\n", "\n").replace("\r", "\n").strip())
    if longest is not None and len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return escape(shown).replace("\n", "<br/>")


def paragraph(text: str, style: ParagraphStyle, longest: int | None = None) -> Paragraph:
    """A paragraph of anybody's text (see `escaped`)."""
    return Paragraph(escaped(text, longest), style)


def paragraphs(text: str, style: ParagraphStyle) -> list[Paragraph]:
    """One paragraph per line of the text, so that a page break may fall between any two."""
    return [paragraph(line, style) for line in text.splitlines() if line.strip()]


def rows_table(rows: Sequence[Sequence[Any]], widths: Sequence[float], padding: float = 3) -> Table:
    """A quiet table without header: thin rules between rows."""
    table = Table([list(row) for row in rows], colWidths=list(widths))
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
            ("TOPPADDING", (0, 0), (-1, -1), padding),
            ("BOTTOMPADDING", (0, 0), (-1, -1), padding + 1),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return table


def data_table(
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    widths: Sequence[float],
    left_columns: int,
    font_size: float = 8.0,
    footer: Sequence[str] | None = None,
) -> LongTable:
    """A table with a repeated green header and zebra rows; columns after `left_columns` align right."""
    body = [list(header), *(list(row) for row in rows)]
    if footer is not None:
        body.append(list(footer))
    table = LongTable(body, colWidths=list(widths), repeatRows=1)
    table.setStyle(_data_style(left_columns, font_size))
    if footer is not None:
        table.setStyle(
            [
                ("FONTNAME", (0, -1), (-1, -1), BOLD),
                ("BACKGROUND", (0, -1), (-1, -1), MINT),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, FOREST),
            ]
        )
    return table


def _data_style(left_columns: int, font_size: float) -> list[tuple[Any, ...]]:
    return [
        ("FONT", (0, 0), (-1, -1), REGULAR, font_size, font_size + 2),
        ("TEXTCOLOR", (0, 1), (-1, -1), INK),
        ("FONTNAME", (0, 0), (-1, 0), BOLD),
        ("TEXTCOLOR", (0, 0), (-1, 0), white),
        ("BACKGROUND", (0, 0), (-1, 0), FOREST),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, PALE]),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, RULE),
        ("ALIGN", (left_columns, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
    ]
