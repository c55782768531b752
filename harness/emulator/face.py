"""A drawn face for the chip: nobody's, and the same for the same seed."""

from __future__ import annotations

import hashlib
import io
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 413, 531
"""35 by 45 mm at 300 dots per inch (ICAO 9303-3, 3.9.1)."""
_SKINS = ((241, 214, 190), (224, 182, 148), (190, 138, 102), (132, 90, 64), (94, 62, 46))
_HAIRS = ((40, 30, 26), (92, 60, 34), (158, 112, 58), (206, 178, 120), (130, 130, 134))
_EYES = ((74, 110, 150), (86, 118, 84), (94, 66, 44))
_CLOTHES = ((52, 66, 96), (96, 48, 54), (58, 88, 70), (72, 72, 78))
_QUALITIES = (1, 100)
_NOISE = 0.25
"""Grain, as every photograph has it; without it no drawing takes as many bytes as a face."""


def jpeg(seed: str, size: int) -> bytes:
    """The face as JPEG, at the quality that comes nearest to `size` bytes."""
    image = _draw(seed)
    low, high = _QUALITIES
    while low < high:
        middle = (low + high) // 2
        if len(_as_jpeg(image, middle)) < size:
            low = middle + 1
        else:
            high = middle
    around = (_as_jpeg(image, quality) for quality in {max(low - 1, _QUALITIES[0]), low})
    return min(around, key=lambda made: abs(len(made) - size))


def jpeg2000(seed: str, size: int) -> bytes:
    """The face as JPEG 2000 of about `size` bytes."""
    made, rate = io.BytesIO(), WIDTH * HEIGHT * 3 / size
    _draw(seed).save(made, "JPEG2000", quality_mode="rates", quality_layers=[rate])
    return made.getvalue()


def signature(seed: str) -> bytes:
    """A scribble as JPEG, for the signature or usual mark (DG7)."""
    chance, image = random.Random(seed), Image.new("L", (600, 200), 255)  # noqa: S311 - a drawing
    points = [(40 + 13 * n, 100 + chance.randint(-60, 60)) for n in range(40)]
    ImageDraw.Draw(image).line(points, fill=30, width=5, joint="curve")
    return _as_jpeg(image.filter(ImageFilter.GaussianBlur(1)), 60)


def _as_jpeg(image: Image.Image, quality: int) -> bytes:
    made = io.BytesIO()
    image.save(made, "JPEG", quality=quality, dpi=(300, 300))
    return made.getvalue()


def _draw(seed: str) -> Image.Image:
    """Shoulders, neck, hair, head, and what is in a face, with grain over everything."""
    chance = random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 - a drawing
    skin, hair, eye, cloth = (chance.choice(each) for each in (_SKINS, _HAIRS, _EYES, _CLOTHES))
    image = Image.new("RGB", (WIDTH, HEIGHT), (228, 230, 232))
    pen = ImageDraw.Draw(image)
    half, chin = 88 + chance.randint(-8, 8), 372 + chance.randint(-10, 10)
    middle = WIDTH // 2
    pen.ellipse((middle - 190, 410, middle + 190, 760), fill=cloth)
    pen.rectangle((middle - 42, 340, middle + 42, 440), fill=_darker(skin, 20))
    pen.ellipse((middle - half - 16, 108, middle + half + 16, 300), fill=hair)
    pen.ellipse((middle - half, 130, middle + half, chin), fill=skin)
    pen.pieslice((middle - half, 112, middle + half, 250), 180, 360, fill=hair)
    _features(pen, middle, skin, hair, eye, smile=chance.randint(0, 8))
    return _grained(image.filter(ImageFilter.GaussianBlur(1.2)), chance)


Colour = tuple[int, int, int]


def _features(
    pen: ImageDraw.ImageDraw, middle: int, skin: Colour, hair: Colour, eye: Colour, *, smile: int
) -> None:
    for side in (-1, 1):
        x = middle + side * 38
        pen.ellipse((x - 18, 232, x + 18, 252), fill=(250, 250, 250))
        pen.ellipse((x - 9, 233, x + 9, 251), fill=eye)
        pen.ellipse((x - 4, 238, x + 4, 246), fill=(16, 16, 16))
        pen.line((x - 22, 218, x + 22, 218), fill=hair, width=6)
    nose = _darker(skin, 34)
    pen.line((middle - 4, 250, middle - 12, 292, middle + 10, 294), fill=nose, width=4)
    mouth = (middle - 34, 306 - smile, middle + 34, 336 + smile)
    pen.arc(mouth, 25, 155, fill=(168, 80, 80), width=7)


def _darker(colour: Colour, by: int) -> Colour:
    red, green, blue = (max(0, each - by) for each in colour)
    return red, green, blue


def _grained(image: Image.Image, chance: random.Random) -> Image.Image:
    grain = Image.frombytes("L", image.size, chance.randbytes(WIDTH * HEIGHT))
    fine = grain.filter(ImageFilter.GaussianBlur(0.7)).convert("RGB")
    level = Image.new("RGB", image.size, (128, 128, 128))
    lighter = ImageChops.subtract(fine, level).point(lambda value: int(value * _NOISE))
    darker = ImageChops.subtract(level, fine).point(lambda value: int(value * _NOISE))
    return ImageChops.subtract(ImageChops.add(image, lighter), darker)
