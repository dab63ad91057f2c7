"""Images per second of bgad-data's loader and of Pillow, side by side.

    cargo build --release -p bgad-data --example loading_time
    python benches/loading.py target/release/examples/loading_time

Needs Pillow and NumPy. Images are made in a temporary folder: 1024 x 1024, PNG as Pillow writes it and
JPEG of quality 90. Both sides decode, resize to 256 x 256 by Lanczos and normalise, with as many threads
or processes as there are cores. The two take turns, round for round, and the medians are compared.
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

SIDE, SIZE = 1024, 256
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def photograph(seed):
    """A surface with grain: smooth shades, fine noise, as a camera gives them."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 200, (16, 16, 3), np.uint8))
    shades = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
    fine = rng.normal(0, 6, (SIDE, SIDE, 1)) + rng.normal(0, 2, (SIDE, SIDE, 3))
    return Image.fromarray(np.clip(shades + fine, 0, 255).astype(np.uint8))


def load(path):
    with Image.open(path) as image:
        image = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    values = (np.asarray(image, np.float32) / 255 - MEAN) / DEVIATION
    return np.ascontiguousarray(values.transpose(2, 0, 1)).size


def pillow(pool, files):
    start = time.perf_counter()
    assert sum(pool.imap_unordered(load, files)) == len(files) * 3 * SIZE * SIZE
    return len(files) / (time.perf_counter() - start)


def rust(program, folder, workers):
    environment = dict(os.environ, RAYON_NUM_THREADS=str(workers))
    arguments = [program, folder, str(SIZE), "1"]
    output = subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True)
    return float(output.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--images", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    given = parser.parse_args()
    print(f"Pillow {PIL.__version__}, {given.workers} workers, {given.images} images, {given.rounds} rounds")
    with tempfile.TemporaryDirectory() as root, multiprocessing.Pool(given.workers) as pool:
        for kind, options in [("png", {}), ("jpg", {"quality": 90})]:
            folder = Path(root) / kind
            folder.mkdir()
            files = [folder / f"{index:03}.{kind}" for index in range(given.images)]
            for index, file in enumerate(files):
                photograph(index).save(file, **options)
            pillow(pool, files)
            rust(given.program, folder, given.workers)
            ours, theirs = [], []
            for _ in range(given.rounds):
                ours.append(rust(given.program, folder, given.workers))
                theirs.append(pillow(pool, files))
            ratio = statistics.median(a / b for a, b in zip(ours, theirs))
            print(
                f"{kind}: bgad-data {statistics.median(ours):.1f} images/s, "
                f"Pillow {statistics.median(theirs):.1f} images/s, ratio {ratio:.2f}"
            )


if __name__ == "__main__":
    main()
