"""Draws test sets for anomaly detection: 20 parts with small defects, 12 of them also at any angle, and 17 textures,
in the layout of MVTec AD.

Each set has 60 normal images for training, 30 normal ones for testing, and 8 with a mask of each of six kinds of
defects, all of 512 x 512 pixels. Parts are drawings of Debian's package openclipart-png (1:0.18+dfsg-19), textures are
from nexuiz-textures (2.5.2-12) and ufoai-textures (2.5-2). To unpack the packages, about 920 MB of downloads, into DIR:

    cd DIR && for p in openclipart-png nexuiz-textures ufoai-textures; do
      apt-get download $p && dpkg -x ${p}_*.deb x_$p
    done

    python3 benches/drawn_sets --packages DIR --out DIR [NAME...]

The sets go to `parts/NAME`, `more-parts/NAME`, `turning-parts/NAME` and `textures/NAME` in the folder after
`--out`; files there of the same name are replaced. Needs numpy, pillow and scipy. On one core, parts and
textures take about 662 s; the turning parts took 415 s while other programs ran.

Every image has a random generator of its own, seeded by the set's name, the split and the image's number. So the same
images are drawn each time, also if only some of the sets are wanted. Other versions of the libraries than Python 3.11,
numpy 2.4.6, pillow 13.0.0 and scipy 1.17.1 may change them.
"""

import argparse
import sys
import time
from pathlib import Path

from PIL import Image

from packages import MissingSource, Sources
from parts import Part
from shapes import rng_for, to_bytes
from tables import IMAGES_OF_A_KIND, MORE_PARTS, NORMAL_IMAGES, PARTS, TEXTURES, TRAINING_IMAGES, TURNING_PARTS
from textures import TEST_HALF, Texture

# The sets by the folder that they are written to.
GROUPS = {"parts": PARTS, "more-parts": MORE_PARTS, "turning-parts": TURNING_PARTS, "textures": TEXTURES}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="drawn_sets", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--packages", type=Path, required=True, metavar="DIR", help="unpacked packages or extracted files"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the sets")
    parser.add_argument("names", nargs="*", metavar="NAME", help="sets to draw; all if there is none")
    given = parser.parse_args()
    known = [name for group in GROUPS.values() for name in group]
    unknown = sorted(set(given.names) - set(known))
    if unknown:
        parser.error(f"no set is called {', '.join(unknown)}; there are {', '.join(known)}")
    return given


def check(sources, names):
    """Stops before anything is drawn if a file is missing. Textures need one another, for foreign patches."""
    for name, drawing in {**PARTS, **MORE_PARTS, **TURNING_PARTS}.items():
        if name in names:
            sources.read("clip", drawing.path)
    if not names.isdisjoint(TEXTURES):
        for surface in TEXTURES.values():
            sources.read(surface.collection, surface.path)


def write(pixels, path):
    """Writes a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, compress_level=1)


def draw_set(name, sources, folder):
    """Draws all images and masks of a set into a folder."""
    texture = name in TEXTURES
    maker = Texture(name, sources) if texture else Part(name, sources)
    test = {"half": TEST_HALF} if texture else {}
    for number in range(TRAINING_IMAGES):
        picture, _ = maker.draw(rng_for(name, "train", number))
        write(picture, folder / f"train/good/{number:03}.png")
    for number in range(NORMAL_IMAGES):
        picture, _ = maker.draw(rng_for(name, "good", number), **test)
        write(picture, folder / f"test/good/{number:03}.png")
    for kind in maker.kinds:
        for number in range(IMAGES_OF_A_KIND):
            picture, mask = maker.draw(rng_for(name, kind, number), kind, **test)
            write(picture, folder / f"test/{kind}/{number:03}.png")
            write(to_bytes(mask * 255), folder / f"ground_truth/{kind}/{number:03}_mask.png")


def main():
    """Draws the sets that the command line names."""
    given = arguments()
    names = set(given.names) or {name for group in GROUPS.values() for name in group}
    sources = Sources(given.packages)
    try:
        check(sources, names)
    except MissingSource as missing:
        sys.exit(str(missing))
    begin = time.perf_counter()
    for group, members in GROUPS.items():
        for name in members:
            if name in names:
                draw_set(name, sources, given.out / group / name)
                print(f"{group}/{name} drawn after {time.perf_counter() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
