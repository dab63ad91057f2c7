"""Parts: a drawing on a plain background, with defects of 0.02 to 0.6 % of the image."""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from shapes import (
    SIDE,
    THREAD_COLOURS,
    blob,
    difference,
    light,
    line,
    log_normal,
    log_uniform,
    mask_of,
    mix,
    moved,
    pick,
    sensor_noise,
    shadow_of,
    smooth,
    soften,
    to_bytes,
)
from tables import MORE_PARTS, PARTS, TURNING_PARTS

# The drawing is kept this many times as large as the part will be, so that turning it loses little.
KEPT_LARGER = 1.5
# Images are drawn this many times as large and then averaged, so that edges are smooth.
DRAWN_LARGER = 2
# A part may be enlarged by this factor, and this many pixels of the image stay free for its shift.
GREATEST_SIZE, MARGIN = 1.03, 34
# The greatest turn, in radians, of a part that does not lie at any angle; slightly more than 3 degrees.
GREATEST_TURN = 0.053
# How often a defect is drawn anew until it is neither too small nor too large, faint or far outside.
ATTEMPTS = 400
STAIN_COLOURS = [[92, 58, 30], [50, 46, 40], [120, 100, 50], [60, 70, 60], [226, 220, 200], [110, 30, 30]]
SPECK_COLOURS = [[20, 20, 22], [240, 238, 232], [130, 50, 30], [90, 90, 90]]


class Scene(NamedTuple):
    """A picture to put a defect into, and where and how strong the defect is to be."""

    # The part on its background, before light and noise.
    picture: np.ndarray
    # The background alone.
    ground: np.ndarray
    # How much of each pixel the part covers.
    cover: np.ndarray
    # Row and column of the defect, on the part.
    at: tuple[float, float]
    # Area of the defect in pixels.
    area: float
    # Mean contrast of the defect.
    contrast: float

    def radius(self, factor=1.0):
        """The radius of a disc of the defect's area times a factor."""
        return math.sqrt(self.area * factor / math.pi)


class Part:
    """Draws the images of one part."""

    # The kinds of defects.
    kinds = ("scratch", "chip", "dent", "stain", "speck", "thread")

    def __init__(self, name, sources):
        """Reads the drawing of that name, and cuts and scales it."""
        drawing = {**PARTS, **MORE_PARTS, **TURNING_PARTS}[name]
        self.name, self.turns, self.ground = name, drawing.turns, drawing.ground
        pixels = prepare(name.removeprefix("turning-"), np.asarray(sources.image("clip", drawing.path).convert("RGBA")).copy())
        rows, columns = np.nonzero(pixels[..., 3] > 24)
        box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        image = Image.fromarray(pixels).crop(box)
        scale = KEPT_LARGER * self.scale_of(image, drawing.share)
        size = [max(1, round(side * scale)) for side in image.size]
        self.image = image.resize(size, Image.LANCZOS)

    def scale_of(self, image, share):
        """The scale at which a drawing covers that share of an image; less if it would not fit at every angle."""
        width, height = image.size
        alpha = np.asarray(image)[..., 3]
        scale = math.sqrt(share * SIDE * SIDE / (alpha / 255.0).sum())
        room = SIDE - MARGIN
        if self.turns:
            rows, columns = np.nonzero(alpha > 24)
            across = 2 * np.hypot(rows - height / 2, columns - width / 2).max()
            return min(scale, room / across / GREATEST_SIZE)
        cosine, sine = math.cos(GREATEST_TURN), math.sin(GREATEST_TURN)
        turned = width * cosine + height * sine, height * cosine + width * sine
        return min(scale, *(room / side / GREATEST_SIZE for side in turned))

    def place(self, rng):
        """The part at a random angle, size and place: its colours times its cover, and its cover."""
        angle = rng.uniform(0, 2 * math.pi) if self.turns else math.radians(rng.uniform(-3, 3))
        scale = 1 / KEPT_LARGER * rng.uniform(0.97, 1.03)
        x, y = SIDE / 2 + rng.uniform(-10, 10), SIDE / 2 + rng.uniform(-10, 10)
        width, height = self.image.size
        cosine, sine = math.cos(angle) / scale, math.sin(angle) / scale
        across = cosine / DRAWN_LARGER, sine / DRAWN_LARGER, width / 2 - cosine * x - sine * y
        down = -sine / DRAWN_LARGER, cosine / DRAWN_LARGER, height / 2 + sine * x - cosine * y
        size = SIDE * DRAWN_LARGER, SIDE * DRAWN_LARGER
        image = self.image.transform(size, Image.AFFINE, across + down, Image.BICUBIC)
        pixels = np.asarray(image.convert("RGBa").reduce(DRAWN_LARGER), np.float32)
        return pixels[..., :3], pixels[..., 3:] / 255

    def draw(self, rng, kind=None):
        """An image, and the mask of its defect: None if no kind of defect is wanted."""
        colours, cover = self.place(rng)
        brightness = rng.uniform(0.985, 1.015)
        pattern = smooth(rng, 1.2) * 1.5 + smooth(rng, 25) * 1.2
        ground = np.asarray(self.ground, np.float32) * brightness + pattern[..., None]
        lit = light(rng, 0.10)
        noise = sensor_noise(rng, 3.5, 1.2)
        picture, mask = colours + (1 - cover) * ground, None
        if kind:
            picture, mask = self.damage(rng, kind, picture, ground, cover[..., 0], lit)
        return to_bytes(picture * lit + noise), mask

    def damage(self, rng, kind, picture, ground, cover, lit):
        """The picture with a defect, and the mask of it."""
        inside = np.nonzero(ndimage.binary_erosion(cover > 0.9, iterations=4))
        for _ in range(ATTEMPTS):
            area = log_normal(rng, 0.00105, 0.65, 0.00025, 0.0055) * SIDE * SIDE
            contrast = log_uniform(rng, 16, 110)
            index = rng.integers(len(inside[0]))
            at = inside[0][index] + rng.uniform(-0.5, 0.5), inside[1][index] + rng.uniform(-0.5, 0.5)
            damaged = DEFECTS[kind](rng, Scene(picture, ground, cover, at, area, contrast))
            if damaged is None:
                continue
            change = difference(damaged, picture, lit)
            mask = mask_of(change, kind)
            if fits(kind, change, mask, cover):
                return damaged, mask
        raise RuntimeError(f"{self.name}: no {kind} in {ATTEMPTS} attempts")


def fits(kind, change, mask, cover):
    """Whether a defect is of the right size, on the part and clear enough."""
    if not 0.0002 <= mask.mean() <= 0.006:
        return False
    on_the_part = (mask & (cover > 0.3)).sum()
    if on_the_part < (0.85 if kind == "thread" else 0.93) * mask.sum():
        return False
    return change[mask].mean() >= 11 and np.percentile(change[mask], 95) >= 18


def prepare(name, pixels):
    """Turns a drawing into a part where it is not one yet."""
    if name in ("compass", "usb"):
        return without_shadow(pixels)
    if name == "cassette":
        return filled(pixels)
    return pixels


def without_shadow(pixels):
    """A drawing without its faint shadow, which would turn with the part."""
    solid = pixels[..., 3] > 150
    pieces, count = ndimage.label(solid)
    largest = pieces == 1 + np.argmax(ndimage.sum(solid, pieces, range(1, count + 1)))
    pixels[..., 3] = np.where(ndimage.binary_dilation(largest, iterations=2), pixels[..., 3], 0)
    return pixels


def filled(pixels):
    """A drawing of lines, filled with a colour."""
    closed = ndimage.binary_closing(np.pad(pixels[..., 3] > 100, 40), iterations=16)
    inside = ndimage.binary_fill_holes(closed)[40:-40, 40:-40]
    alpha = pixels[..., 3:].astype(np.float32) / 255
    colours = pixels[..., :3] * alpha + (1 - alpha) * np.array([214, 206, 150], np.float32)
    pixels[..., :3] = np.where(inside[..., None], np.rint(colours), pixels[..., :3])
    pixels[..., 3] = np.where(inside, 255, pixels[..., 3])
    return pixels


def scratch(rng, scene):
    """A thin bright or dark line."""
    width = rng.uniform(1.3, 2.8)
    length = np.clip(scene.area * 0.8 / width, 22, 190)
    shape = line(rng, scene.at, length, width, rng.uniform(0.1, 0.9), 0.6)
    colour = np.array([235, 233, 228] if rng.random() < 0.5 else [28, 26, 26], np.float32)
    return mix(scene.picture, shape * np.minimum(1, scene.cover * 1.2), colour, scene.contrast)


def thread(rng, scene):
    """A curled thread with a faint shadow."""
    width = rng.uniform(1.7, 3.2)
    length = np.clip(scene.area * 1.1 / width, 35, 260)
    shape = line(rng, scene.at, length, width, rng.uniform(2, 5.5), 0.1)
    colour = pick(rng, THREAD_COLOURS)
    shadow = shadow_of(shape, 1, 1.0, 0.25)
    shaded = scene.picture * (1 - shadow * min(1, scene.contrast / 60))[..., None]
    return mix(shaded, shape, colour, max(scene.contrast, 22), 0.35)


def chip(rng, scene):
    """Damage at the outer contour: the part is broken off there or only its surface is."""
    covered = ndimage.binary_fill_holes(scene.cover > 0.5)
    rows, columns = np.nonzero(covered & ~ndimage.binary_erosion(covered, iterations=2))
    if not len(rows):
        return None
    index = rng.integers(len(rows))
    shape = blob(rng, (rows[index], columns[index]), scene.radius(1.7), 0.35, 0.3)
    if rng.random() < 0.6:
        gone = (shape * (scene.cover > 0.02))[..., None]
        return scene.picture + gone * (scene.ground * 0.97 - scene.picture)
    broken = scene.picture[shape > 0.5].mean(0) * rng.choice([0.55, 1.35])
    broken = broken + (smooth(rng, 2) * 7)[..., None] + rng.uniform(-8, 8)
    return mix(scene.picture, soften(shape, 0.6) * scene.cover, np.clip(broken, 8, 245), scene.contrast)


def dent(rng, scene):
    """A hollow: bright on one side, dark on the other, its surface pulled towards its middle."""
    radius = scene.radius(1.1)
    shape = blob(rng, scene.at, radius, 0.12, 0.3)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    down, right = (rows - scene.at[0]) / radius, (columns - scene.at[1]) / radius
    angle = rng.uniform(0, 2 * math.pi)
    slope = (right * math.cos(angle) + down * math.sin(angle)) * soften(shape, radius / 5)
    pull = rng.uniform(0.1, 0.35) * radius * np.exp(-(right * right + down * down) * 1.3) * soften(shape, 1.5)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    pulled = moved(scene.picture, rows - pull * down, columns - pull * right, "nearest")
    relief = slope * scene.contrast * 1.1 * np.minimum(1, scene.cover)
    return pulled + relief[..., None] * np.array([1.0, 0.98, 0.95])


def stain(rng, scene):
    """An irregular, uneven stain with soft edges."""
    radius = scene.radius()
    shape = blob(rng, scene.at, radius, 0.45, 0.4)
    shape = soften(shape, rng.uniform(0.8, max(0.9, radius / 5))) * np.clip(1 + 0.25 * smooth(rng, 4), 0.4, 1.3)
    return mix(scene.picture, np.clip(shape, 0, 1) * scene.cover, pick(rng, STAIN_COLOURS), scene.contrast)


def speck(rng, scene):
    """One to five small specks near one another."""
    count = int(rng.integers(1, 6))
    radius = math.sqrt(scene.area * 0.8 / math.pi / count)
    shape = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(count):
        down, right = (rng.normal() * radius * 3.2 * (count > 1) for _ in range(2))
        centre = scene.at[0] + down, scene.at[1] + right
        shape = np.maximum(shape, blob(rng, centre, radius * rng.uniform(0.6, 1.25), 0.2, 0.2))
    return mix(scene.picture, soften(shape, 0.5) * scene.cover, pick(rng, SPECK_COLOURS), max(scene.contrast, 24))


DEFECTS = {"scratch": scratch, "chip": chip, "dent": dent, "stain": stain, "speck": speck, "thread": thread}
