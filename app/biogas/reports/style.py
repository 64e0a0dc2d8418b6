"""Colours, measures and paragraph styles of the PDF report. What is written is in the other modules."""

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 16 * mm
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN
BAND_HEIGHT = 92 * mm

REGULAR = "Helvetica"
BOLD = "Helvetica-Bold"

FOREST = HexColor("#17492F")
LEAF = HexColor("#2F7D4F")
SPROUT = HexColor("#8CC29A")
MINT = HexColor("#E3F0E5")
PALE = HexColor("#F5F9F5")
STRAW = HexColor("#B96F12")
STRAW_PALE = HexColor("#F6E4C6")
BRICK = HexColor("#A63A24")
INK = HexColor("#22302A")
STONE = HexColor("#66756C")
RULE = HexColor("#CFDAD2")
FOG = HexColor("#ECEFED")

QUALITY_COLORS: dict[str, Color] = {"good": LEAF, "partial": SPROUT, "poor": HexColor("#AEB8B1"), "none": FOG}
QUALITY_INKS: dict[str, Color] = {"good": LEAF, "partial": STRAW, "poor": BRICK, "none": STONE}

BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9.5, leading=13.5, textColor=INK, spaceAfter=5)
BULLET = ParagraphStyle("bullet", parent=BODY, leftIndent=10, bulletIndent=0, spaceAfter=3)
NOTE = ParagraphStyle("note", parent=BODY, fontSize=8, leading=11, textColor=STONE)
HEADING = ParagraphStyle(
    "heading",
    fontName=BOLD,
    fontSize=14,
    leading=18,
    textColor=FOREST,
    spaceBefore=14,
    spaceAfter=6,
    keepWithNext=1,
)
SUBHEADING = ParagraphStyle(
    "subheading", parent=HEADING, fontSize=10.5, leading=14, textColor=LEAF, spaceBefore=8, spaceAfter=4
)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9, leading=12, spaceAfter=0)
SMALL_CELL = ParagraphStyle("small-cell", parent=CELL, fontSize=7.5, leading=9.5)

COVER_FARM = ParagraphStyle("cover-farm", fontName=BOLD, fontSize=30, leading=35, textColor=white)
COVER_KIND = ParagraphStyle(
    "cover-kind", fontName=BOLD, fontSize=15, leading=20, textColor=SPROUT, spaceBefore=6, spaceAfter=12
)
COVER_LINE = ParagraphStyle("cover-line", fontName=REGULAR, fontSize=11, leading=16, textColor=white)

CARD_LABEL = ParagraphStyle("card-label", fontName=BOLD, fontSize=7.5, leading=10, textColor=STONE)
CARD_VALUE = ParagraphStyle("card-value", fontName=BOLD, fontSize=17, leading=22, textColor=FOREST)
CARD_NOTE = ParagraphStyle("card-note", fontName=REGULAR, fontSize=7.5, leading=10, textColor=STONE)
