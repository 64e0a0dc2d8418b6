"""Pictures of some animals, drawn when the farm is made: the coat of the breed, a meadow, the tag in the ear."""

import io
from random import Random

from PIL import Image, ImageDraw

from app.demo.pedigree import Beast
from app.demo.stock import Herd
from app.herd import images

OF_A_BREED = 2
SIZE = (480, 360)
SKY, HILL, GRASS, TAG = "#bcd9ee", "#7ba86b", "#5d9950", "#f2c230"
DARK = "#2e2a28"
SPOTTED = {"Holstein": "#22201f", "Girolando": "#e9e2d6", "Normando": "#f0e9dc", "Simmental": "#f6efe2"}
FEET = (140, 172, 290, 322)


def hang(herd: Herd, chance: Random) -> None:
    """Gives the first living animals of each breed their picture."""
    drawn: dict[str, int] = {}
    for beast, animal in herd.items():
        breed = beast.line.breed
        if beast.left is None and drawn.setdefault(breed, 0) < OF_A_BREED:
            drawn[breed] += 1
            images.store_images(animal.id, [(f"{beast.record}.jpg", drawing(beast, chance))])


def drawing(beast: Beast, chance: Random) -> bytes:
    """The animal on its meadow, as a JPEG."""
    image = Image.new("RGB", SIZE, SKY)
    pen = ImageDraw.Draw(image)
    _meadow(pen, chance)
    _body(pen, beast, chance)
    _head(pen, beast)
    pen.text((10, 338), beast.record, fill="#ffffff")
    content = io.BytesIO()
    image.save(content, "JPEG", quality=85)
    return content.getvalue()


def _meadow(pen: ImageDraw.ImageDraw, chance: Random) -> None:
    for left in (-120, 90, 300):
        top = 120 + chance.randrange(50)
        pen.ellipse((left, top, left + 330, top + 260), fill=HILL)
    pen.rectangle((0, 235, 480, 360), fill=GRASS)
    for _ in range(60):
        x, y = chance.randrange(480), 245 + chance.randrange(85)
        pen.line((x, y, x + chance.randrange(-3, 4), y - 7), fill="#477d3c")
    sun = 30 + chance.randrange(380)
    pen.ellipse((sun, 20, sun + 42, 62), fill="#f7e39c")


def _body(pen: ImageDraw.ImageDraw, beast: Beast, chance: Random) -> None:
    coat = beast.line.colour
    for x in FEET:
        pen.rectangle((x, 225, x + 22, 305), fill=coat)
        pen.rectangle((x, 297, x + 22, 308), fill=DARK)
    pen.line((118, 165, 96, 245), fill=coat, width=7)
    pen.ellipse((88, 236, 104, 262), fill=DARK)
    pen.rounded_rectangle((112, 135, 350, 250), radius=52, fill=coat)
    if spots := SPOTTED.get(beast.line.breed):
        for _ in range(7):
            x, y = 130 + chance.randrange(160), 145 + chance.randrange(60)
            pen.ellipse((x, y, x + 28 + chance.randrange(28), y + 20 + chance.randrange(22)), fill=spots)
    if beast.line.breed in ("Brahman", "Gyr", "Girolando"):
        pen.ellipse((285, 105, 345, 165), fill=coat)


def _head(pen: ImageDraw.ImageDraw, beast: Beast) -> None:
    coat, kind = beast.line.colour, beast.line.kind.name
    pen.polygon(((320, 150), (385, 112), (400, 165), (345, 215)), fill=coat)
    if kind != "Ovino":
        horns = DARK if kind == "Bufalino" else "#e8dcc0"
        reach = 34 if kind == "Bufalino" else 16
        pen.arc((378 - reach, 70, 398, 125), 150, 300, fill=horns, width=7)
    pen.polygon(((378, 100), (415, 98), (452, 165), (436, 182), (408, 178), (380, 145)), fill=coat)
    pen.ellipse((432, 160, 456, 184), fill="#c9a496")
    pen.ellipse((412, 122, 421, 131), fill=DARK)
    pen.polygon(((382, 108), (346, 100), (352, 124), (380, 126)), fill=coat, outline=DARK)
    pen.rectangle((354, 108, 370, 124), fill=TAG)
