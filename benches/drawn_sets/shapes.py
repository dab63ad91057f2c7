"""Random shapes, light and noise, and the mask of a defect: what parts and textures share.

Shapes are arrays of opacity between 0 and 1 as large as an image. Positions are pairs of row and column.
"""

import math
import zlib

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

# Side of an image in pixels.
SIDE = 512
# Shapes are drawn this many times as large and then averaged, so that their edges are smooth.
OVERSAMPLING = 4
# Defects whose mask is closed over wider gaps, and those whose mask has no holes.
LOOSE_KINDS = {"dent", "warp", "patch"}
FILLED_KINDS = LOOSE_KINDS | {"hole", "stain", "chip", "speck"}
THREAD_COLOURS = [[230, 226, 216], [40, 40, 46], [150, 40, 40], [50, 70, 140], [70, 110, 70], [190, 170, 120]]


def rng_for(*key):
    """A random generator of its own for each image, seeded by the set, the split and the number."""
    return np.random.default_rng([zlib.crc32(str(word).encode()) for word in key])


def log_uniform(rng, least, most):
    """A random number whose logarithm is spread evenly."""
    return math.exp(rng.uniform(math.log(least), math.log(most)))


def log_normal(rng, middle, spread, least, most):
    """A random number whose logarithm is spread normally, within limits."""
    return float(np.clip(math.exp(rng.normal(math.log(middle), spread)), least, most))


def pick(rng, colours):
    """One of the colours."""
    return rng.choice(np.array(colours, np.float32))


def smooth(rng, sigma):
    """Smooth noise of mean zero and unit variance; computed coarsely if it varies slowly."""
    step = max(1, int(sigma / 3))
    side = SIDE // step + 8
    noise = ndimage.gaussian_filter(rng.standard_normal((side, side)), sigma / step, mode="reflect")
    if step > 1:
        noise = ndimage.zoom(noise, step, order=1)
    noise = noise[:SIDE, :SIDE]
    return (noise - noise.mean()) / (noise.std() + 1e-9)


def light(rng, amount):
    """Uneven light as a factor for each pixel: a gradient, a smooth pattern and an exposure."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1.0) - 0.5
    angle = rng.uniform(0, 2 * math.pi)
    gradient = (columns * math.cos(angle) + rows * math.sin(angle)) * rng.uniform(0.3, 1.0) * 2 * amount
    pattern = smooth(rng, 90) * amount * rng.uniform(0.1, 0.4)
    return ((1 + gradient + pattern) * rng.uniform(1 - amount / 2, 1 + amount / 2))[..., None]


def sensor_noise(rng, most, grey):
    """Noise of a camera: up to `most` in each channel, and `grey` in all channels alike."""
    coloured = rng.standard_normal((SIDE, SIDE, 3)) * rng.uniform(2.0, most)
    return coloured + rng.standard_normal((SIDE, SIDE, 1)) * grey


def to_bytes(picture):
    """A picture as eight-bit values."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def canvas():
    """An empty shape and the pen to draw it with, both enlarged by OVERSAMPLING."""
    image = Image.new("L", (SIDE * OVERSAMPLING, SIDE * OVERSAMPLING), 0)
    return image, ImageDraw.Draw(image)


def opacity(image):
    """A drawn canvas as opacity."""
    return np.asarray(image.reduce(OVERSAMPLING), np.float32) / 255


def line(rng, centre, length, width, bend, taper):
    """A curved line through a point. It bends by up to `bend`, and its ends are thinner by the share `taper`."""
    count = max(8, int(length * 2))
    along = np.linspace(0, 1, count)
    steady = rng.uniform(-bend, bend)
    turn = steady + rng.uniform(-bend, bend) * np.sin(2 * math.pi * (rng.uniform(0.5, 1.5) * along + rng.uniform()))
    angle = rng.uniform(0, 2 * math.pi) + np.cumsum(turn) / count
    columns = centre[1] + np.cumsum(np.cos(angle)) * length / count
    rows = centre[0] + np.cumsum(np.sin(angle)) * length / count
    columns = columns - columns[count // 2] + centre[1]
    rows = rows - rows[count // 2] + centre[0]
    radii = width / 2 * (1 - taper * np.abs(2 * along - 1) ** 2)
    image, pen = canvas()
    for x, y, radius in zip(columns * OVERSAMPLING, rows * OVERSAMPLING, radii * OVERSAMPLING):
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return opacity(image)


def blob(rng, centre, radius, rough=0.25, stretch=0.35):
    """An irregular, stretched disc of about the area of a disc of this radius."""
    angles = np.linspace(0, 2 * math.pi, 120, endpoint=False)
    radii = np.ones_like(angles)
    for wave in range(2, 8):
        radii += rough / wave * rng.standard_normal() * np.cos(wave * angles + rng.uniform(0, 2 * math.pi))
    radii = np.clip(radii, 0.3, 2)
    radii *= radius / math.sqrt((radii**2).mean())
    longer, turn = math.exp(rng.uniform(-stretch, stretch)), rng.uniform(0, math.pi)
    x, y = radii * np.cos(angles) * longer, radii * np.sin(angles) / longer
    x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
    image, pen = canvas()
    corners = [((centre[1] + dx) * OVERSAMPLING, (centre[0] + dy) * OVERSAMPLING) for dx, dy in zip(x, y)]
    pen.polygon(corners, fill=255)
    return opacity(image)


def soften(shape, sigma):
    """A shape with blurred edges."""
    return ndimage.gaussian_filter(shape, sigma)


def shadow_of(shape, shift, sigma, strength):
    """The shadow of a shape, that many pixels below it and to its right."""
    return soften(np.roll(shape, (shift, shift), (0, 1)), sigma) * strength


def moved(picture, rows, columns, mode):
    """A picture whose pixels come from other places of it; `mode` says what is beyond its borders."""
    channels = [
        ndimage.map_coordinates(picture[..., channel], [rows, columns], order=1, mode=mode) for channel in range(3)
    ]
    return np.stack(channels, 2)


def mix(picture, shape, colour, contrast, least=0.0):
    """Lays a colour over a picture, as opaque as the wanted mean contrast needs, and by `least` at least.

    Returns None if the colour is too close to the picture's for that contrast.
    """
    full = np.abs(np.asarray(colour, np.float32) - picture).max(2)
    core = shape > 0.5 * shape.max()
    mean = float((full * core).sum() / max(1, core.sum()))
    strength = contrast / max(mean, 1e-3)
    if strength > 1.25 or mean < 8:
        return None
    strength = min(1.0, max(strength, least))
    return picture + (shape * strength)[..., None] * (colour - picture)


def difference(one, other, lit):
    """How far two pictures differ in the light: the greatest difference of a channel, for each pixel."""
    return np.abs(np.clip(one * lit, 0, 255) - np.clip(other * lit, 0, 255)).max(2)


def mask_of(change, kind):
    """Where a defect changes the picture noticeably."""
    changed = change[change > 2]
    if not changed.size:
        return np.zeros((SIDE, SIDE), bool)
    noticeable = change > max(5.0, 0.25 * np.percentile(changed, 95))
    gaps = 3 if kind in LOOSE_KINDS else 1
    mask = ndimage.binary_closing(np.pad(noticeable, 4), np.ones((3, 3)), iterations=gaps)[4:-4, 4:-4]
    if kind in FILLED_KINDS:
        mask = ndimage.binary_fill_holes(mask)
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        return mask
    areas = ndimage.sum(mask, pieces, range(1, count + 1))
    return np.isin(pieces, 1 + np.flatnonzero(areas >= max(6, 0.03 * areas.max())))
