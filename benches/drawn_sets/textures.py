"""Textures: a surface that fills the image, with defects of 0.12 to 4 % of it."""

import functools
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
from tables import TEXTURES

# Kinds of textures whose images show all of the texture.
ENTIRE = ("whole", "disc")
# Halves of a texture: training images show the one, test images the other.
TRAINING_HALF, TEST_HALF = 0, 1
# Pixels that are added around an entire texture, so that it can turn and shift.
BORDER = 130
# Textures whose 98th percentile is below this are brightened to it.
BRIGHT = 175
# How often a defect is drawn anew until it is neither too small nor too large or faint.
ATTEMPTS = 300
STAIN_COLOURS = [[92, 58, 30], [40, 38, 34], [120, 100, 50], [60, 70, 60], [110, 30, 30], [226, 220, 200]]


class Scene(NamedTuple):
    """A picture to put a defect into, and where and how strong the defect is to be."""

    # The texture, before light and noise.
    picture: np.ndarray
    # Row and column of the defect.
    at: tuple[float, float]
    # Radius in pixels of a disc of the defect's area.
    radius: float
    # Area of the defect in pixels.
    area: float
    # Mean contrast of the defect.
    contrast: float
    # The texture that has the defect.
    texture: "Texture"


class Texture:
    """Draws the images of one texture."""

    # The kinds of defects.
    kinds = ("scratch", "thread", "stain", "hole", "warp", "patch")

    def __init__(self, name, sources):
        """Prepares the texture of that name; its file is read when the first image is drawn."""
        self.name, self.sources = name, sources
        self.kind, self.side = TEXTURES[name].kind, TEXTURES[name].side

    def view(self, rng, half):
        """A random view: all of the texture, slightly moved, or a crop of one half."""
        pieces = load(self.sources, self.name)
        if self.kind in ENTIRE:
            return self.entire(rng, pieces[0])
        piece = pieces[half]
        side = self.side * rng.uniform(0.97, 1.0)
        x, y = rng.uniform(0, piece.shape[1] - side - 1), rng.uniform(0, piece.shape[0] - side - 1)
        return sample(piece, (side / SIDE, 0, x, 0, side / SIDE, y))

    def entire(self, rng, piece):
        """All of the texture, slightly turned, resized and shifted; a disc at any angle."""
        disc = self.kind == "disc"
        wider = np.pad(piece, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="edge" if disc else "reflect")
        angle = rng.uniform(0, 2 * math.pi) if disc else math.radians(rng.uniform(-2, 2))
        scale = 1 / rng.uniform(0.97, 1.03)
        right, down = rng.uniform(-5, 5, 2)
        cosine, sine, middle = math.cos(angle) * scale, math.sin(angle) * scale, (SIDE - 1) / 2
        x = middle + BORDER + right - cosine * middle - sine * middle
        y = middle + BORDER + down + sine * middle - cosine * middle
        return sample(wider, (cosine, sine, x, -sine, cosine, y))

    def draw(self, rng, kind=None, half=TRAINING_HALF):
        """An image, and the mask of its defect: None if no kind of defect is wanted."""
        picture, mask = self.view(rng, half), None
        lit = light(rng, 0.12)
        noise = sensor_noise(rng, 4.0, 1.5)
        if kind:
            picture, mask = self.damage(rng, kind, picture, lit)
        return to_bytes(picture * lit + noise), mask

    def damage(self, rng, kind, picture, lit):
        """The picture with a defect, and the mask of it."""
        for _ in range(ATTEMPTS):
            area = log_normal(rng, 0.0095, 0.65, 0.002, 0.035) * SIDE * SIDE
            contrast = log_uniform(rng, 22, 110)
            scene = Scene(picture, self.somewhere(rng), math.sqrt(area / math.pi), area, contrast, self)
            damaged, region = DEFECTS[kind](rng, scene)
            if damaged is None:
                continue
            change = difference(damaged, picture, lit)
            mask = mask_of(change, kind)
            if region is not None:
                mask = region & ndimage.binary_dilation(mask, iterations=3)
            if fits(kind, change, mask, picture):
                return damaged, mask
        raise RuntimeError(f"{self.name}: no {kind} in {ATTEMPTS} attempts")

    def somewhere(self, rng):
        """A random place for a defect."""
        if self.kind != "disc":
            return tuple(rng.uniform(40, SIDE - 40, 2))
        distance, angle = 215 * math.sqrt(rng.uniform()), rng.uniform(0, 2 * math.pi)
        return SIDE / 2 + distance * math.sin(angle), SIDE / 2 + distance * math.cos(angle)


def fits(kind, change, mask, picture):
    """Whether a defect is of the right size and clear enough; a warp also has to break the pattern."""
    if not 0.0012 <= mask.mean() <= 0.04 or change[mask].mean() < 12:
        return False
    return kind != "warp" or np.percentile(change[mask], 95) >= max(35, 1.4 * picture.mean(2).std())


@functools.cache
def load(sources, name):
    """The pieces of a texture that views are taken from: one for an entire texture, otherwise one for each half."""
    surface = TEXTURES[name]
    image = sources.image(surface.collection, surface.path).convert("RGB")
    if surface.kind in ENTIRE:
        image = image.resize((SIDE, SIDE), Image.LANCZOS)
    pixels = np.asarray(image, np.float32)
    if surface.kind == "disc":
        pixels = disc_of(pixels)
    bright = np.percentile(pixels, 98)
    if bright < BRIGHT:
        pixels = np.clip(pixels * (BRIGHT / bright), 0, 255)
    if surface.kind in ENTIRE:
        return (pixels,)
    width = pixels.shape[1]
    if surface.kind == "split":
        cut = int(width * 0.57)
        halves = pixels[:, :cut], pixels[:, cut:]
        return tuple(np.concatenate([half, half[: surface.side + 20]], 0) for half in halves)
    halves = pixels[:, : width // 2], pixels[:, width - width // 2 :]
    return tuple(repeated(half, surface.kind == "mirror") for half in halves)


def disc_of(pixels):
    """A texture that is plain outside a disc, so that it looks the same at any angle there."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] - (SIDE - 1) / 2
    outside = np.clip(np.hypot(columns, rows) - 0.494 * SIDE, 0, 1)[..., None]
    return pixels + outside * (np.median(pixels[24:48, 24:48], (0, 1)) - pixels)


def repeated(half, mirrored):
    """Copies of a half of a texture: four beside one another, two below one another."""
    pair = np.concatenate([half, half[:, ::-1] if mirrored else half], 1)
    return np.tile(pair, (2, 2, 1))


def sample(pixels, matrix):
    """An image of a texture seen through an affine map from its pixels to the texture's."""
    image = Image.fromarray(to_bytes(pixels))
    return np.asarray(image.transform((SIDE, SIDE), Image.AFFINE, matrix, Image.BICUBIC), np.float32)


# Each kind of defect gives the damaged picture, or None, and the region outside which its mask is empty, or None.


def scratch(rng, scene):
    """A bright or dark line."""
    width = rng.uniform(2, 4.5)
    shape = line(rng, scene.at, np.clip(scene.area * 0.6 / width, 70, 420), width, rng.uniform(0.1, 1.0), 0.5)
    colour = np.array([230, 228, 222] if rng.random() < 0.5 else [24, 22, 22], np.float32)
    return mix(scene.picture, shape, colour, scene.contrast), None


def thread(rng, scene):
    """A curled thread with a shadow."""
    width = rng.uniform(2.5, 4.5)
    shape = line(rng, scene.at, np.clip(scene.area * 0.75 / width, 100, 620), width, rng.uniform(2, 6), 0.1)
    colour = pick(rng, THREAD_COLOURS)
    shaded = scene.picture * (1 - shadow_of(shape, 2, 1.2, 0.3))[..., None]
    return mix(shaded, shape, colour, max(scene.contrast, 30), 0.45), None


def stain(rng, scene):
    """An irregular, uneven stain with soft edges."""
    shape = blob(rng, scene.at, scene.radius * 1.1, 0.45, 0.4)
    shape = soften(shape, rng.uniform(1.5, max(1.6, scene.radius / 5)))
    shape = np.clip(shape * np.clip(1 + 0.2 * smooth(rng, 6), 0.4, 1.3), 0, 1)
    return mix(scene.picture, shape, pick(rng, STAIN_COLOURS), scene.contrast), shape > 0.4


def hole(rng, scene):
    """A dark hole whose rim is bright on one side and dark on the other."""
    shape = blob(rng, scene.at, scene.radius * 0.8, 0.3, 0.3)
    deep = np.array([18, 16, 15], np.float32) + (smooth(rng, 5) * 5)[..., None]
    deep = deep + scene.picture * rng.uniform(0.05, 0.35)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    angle = rng.uniform(0, 2 * math.pi)
    rim = np.clip(soften(shape, 1.6) - 0.15, 0, 1) * (1 - shape)
    side = (columns - scene.at[1]) * math.cos(angle) + (rows - scene.at[0]) * math.sin(angle)
    rimmed = scene.picture + (rim * (side / scene.radius) * 70)[..., None]
    return rimmed + soften(shape, 0.6)[..., None] * (deep - rimmed), shape > 0.4


def warp(rng, scene):
    """A round region whose pattern is turned, swollen, pinched or shoved."""
    radius = scene.radius * 1.25
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    down, right = (rows - scene.at[0]) / radius, (columns - scene.at[1]) / radius
    distance = np.hypot(down, right)
    strength = np.clip(1 - distance * distance, 0, 1) ** 1.5
    new_down, new_right = bent(rng, down, right, strength)
    warped = moved(scene.picture, new_down * radius + scene.at[0], new_right * radius + scene.at[1], "reflect")
    far = np.hypot(new_down - down, new_right - right) * radius > 1.5
    region = ndimage.binary_closing(np.pad(far, 8), iterations=6)[8:-8, 8:-8]
    return np.where((strength > 0)[..., None], warped, scene.picture), region


def bent(rng, down, right, strength):
    """Where the pixels of a warp come from, relative to its centre and in units of its radius."""
    way = rng.integers(3)
    if way == 0:
        angle = strength * rng.uniform(0.7, 1.8) * rng.choice([-1, 1])
        return down * np.cos(angle) - right * np.sin(angle), down * np.sin(angle) + right * np.cos(angle)
    if way == 1:
        factor = 1 + strength * rng.choice([rng.uniform(-0.6, -0.35), rng.uniform(0.5, 1.0)])
        return down * factor, right * factor
    angle, shove = rng.uniform(0, 2 * math.pi), rng.uniform(0.25, 0.5)
    return down + strength * shove * math.sin(angle), right + strength * shove * math.cos(angle)


def patch(rng, scene):
    """A piece of another texture, more or less in the colour of what it covers."""
    names = [name for name in TEXTURES if name != scene.texture.name and TEXTURES[name].kind not in ENTIRE]
    other = Texture(names[rng.integers(len(names))], scene.texture.sources).view(rng, int(rng.integers(2)))
    shape = soften(blob(rng, scene.at, scene.radius, rng.choice([0.05, 0.35]), 0.4), 0.7)
    core = shape > 0.5
    if not core.any():
        return None, None
    alike = rng.uniform(0.35, 1)
    other = other + alike * (scene.picture[core].mean(0) - other[core].mean(0))
    return scene.picture + shape[..., None] * (np.clip(other, 0, 255) - scene.picture), core


DEFECTS = {"scratch": scratch, "thread": thread, "stain": stain, "hole": hole, "warp": warp, "patch": patch}
