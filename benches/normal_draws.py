"""Shared by `few_normals.py` and `false_alarms.py`: data sets, draws of normal images, and runs of `bgad`.

A draw is a manifest in its own folder, beside a link to the data set. One cache keeps the features of training and test
images, so that each image passes through the backbone once in all trainings. The scores of test images come from a run's
`scores.json`, because `bgad predict` has no cache.
"""

import argparse
import csv
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

CONFIDENCE = 0.95

# By name: folder in $BGAD_DATA, and patterns of normal images, abnormal ones and masks. In a mask's name {} is the
# stem of its image. HeadCT has a table instead.
SETS = {
    "tile": ("magnetic_tile", "MT_Free/Imgs/*.jpg", "MT_[!F]*/Imgs/*.jpg MT_Fray/Imgs/*.jpg", "{parent}/{stem}.png"),
    "cookie": ("cookie", "*/good/*", "test/broken/*", "ground_truth/broken/{stem}_mask.png"),
    "headct": ("headct", None, None, None),
    "brainmri": ("brainmri", "no/*", "yes/*", None),
    "fibre": ("fibre", "*/good/*", "test/defective/*", "ground_truth/defective/{stem}_mask.png"),
    "fabric00": ("aitex_fabrics/fabric00", "*/good/*", "test/d*/*", "ground_truth/{kind}/{stem}_mask.png"),
    "fabric02": ("aitex_fabrics/fabric02", "*/good/*", "test/d*/*", "ground_truth/{kind}/{stem}_mask.png"),
}


def arguments(description, sets):
    """The options of both scripts."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("sets", nargs="*", metavar="SET", help=f"default: {' '.join(sets)}")
    p.add_argument("--bgad", type=Path, default=Path("target/release/bgad"))
    p.add_argument("--backbone", default="tf_efficientnetv2_b0")
    p.add_argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", help="as of bgad train")
    p.add_argument("--seed", type=int, default=0, help="of the draws")
    p.add_argument("--feature-cache", type=Path, help="default: a temporary folder")
    p.add_argument("--json", type=Path, help="also write all draws to this file, beside those of other sets in it")
    return p


def checked(p):
    """The options as given, with the folders that the environment names."""
    options = p.parse_args()
    options.data = Path(os.environ.get("BGAD_DATA", "."))
    options.weights = Path(os.environ.get("BGAD_WEIGHTS", ".")) / f"{options.backbone}.safetensors"
    if not options.weights.is_file():
        p.error(f"{options.weights}: not a file; set BGAD_WEIGHTS to the folder of weights")
    for name in options.sets:
        if name not in SETS:
            p.error(f"{name}: no such set; there are {', '.join(SETS)}")
        if not (options.data / SETS[name][0]).is_dir():
            p.error(f"{options.data / SETS[name][0]}: not a folder; set BGAD_DATA to the folder of data sets")
    return options


class DataSet:
    """Normal and abnormal images of a set, by paths relative to its folder, and masks of the latter."""

    def __init__(self, data, name):
        folder, normal, abnormal, mask = SETS[name]
        self.name, self.root = name, (data / folder).resolve()
        if normal is None:
            rows = list(csv.reader((self.root / "labels.csv").open()))[1:]
            images = [(f"head_ct/{int(image):03}.png", int(label)) for image, label in rows]
            self.normal = [path for path, label in images if not label]
            self.abnormal = [path for path, label in images if label]
        else:
            self.normal, self.abnormal = self.matches(normal), self.matches(abnormal)
        self.normal = self.without_copies(self.normal)
        self.masks = {path: self.mask(mask, Path(path)) for path in self.abnormal} if mask else {}
        self.granularity = "pixel" if mask else "both"

    def matches(self, patterns):
        found = {path for pattern in patterns.split() for path in self.root.glob(pattern)}
        return sorted(str(path.relative_to(self.root)) for path in found)

    def without_copies(self, paths):
        """The first of each content; `bgad` leaves the others out of training and calibration."""
        found = {hashlib.sha256((self.root / path).read_bytes()).digest(): path for path in reversed(paths)}
        return sorted(found.values())

    @staticmethod
    def mask(pattern, image):
        return pattern.format(parent=image.parent, kind=image.parent.name, stem=image.stem)

    def draw(self, seed):
        """All normal images, in an order drawn from the seed."""
        return random.Random(f"{self.name} {seed}").sample(self.normal, len(self.normal))

    def some_abnormal(self, most, seed):
        return random.Random(f"{self.name} abnormal {seed}").sample(self.abnormal, min(most, len(self.abnormal)))


class Runs:
    """Trainings of one set, each in the same temporary folder."""

    def __init__(self, options, data_set, folder, cache=None):
        self.options, self.set, self.folder = options, data_set, Path(folder)
        self.cache = cache or options.feature_cache or self.folder / "cache"
        (self.folder / "data").symlink_to(data_set.root)

    def apart(self, number):
        """The same trainings in a separate folder, so that several can run at once."""
        folder = self.folder / str(number)
        folder.mkdir()
        return Runs(self.options, self.set, folder, self.cache)

    def bgad(self, *words, listed=None):
        command = [str(word) for word in (self.options.bgad, *words)]
        jobs = getattr(self.options, "jobs", 1)
        threads = {"RAYON_NUM_THREADS": str(max(os.cpu_count() // jobs, 1))} if jobs > 1 else {}
        done = subprocess.run(command, input=listed, capture_output=True, text=True, env={**os.environ, **threads})
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        return done.stdout

    def remove(self):
        shutil.rmtree(self.folder)

    def train(self, normal, test, abnormal=(), settings=()):
        """A model of the normal images, and what `bgad train` says; image AUROC where there are abnormal ones.

        Without test images the threshold is there, and nothing else is computed.
        """
        manifest, out = self.folder / "draw.csv", self.folder / "run"
        with manifest.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["path", "label", "mask", "split"])
            rows = [(path, "normal", "", "train") for path in normal] + [(path, "normal", "", "test") for path in test]
            rows += [(path, "abnormal", self.set.masks.get(path), "test") for path in abnormal]
            for path, label, mask, split in rows:
                table.writerow([f"data/{path}", label, f"data/{mask}" if mask else "", split])
        settings = [
            f"granularity={self.set.granularity}",
            f"schedule.evaluate={'last' if test or abnormal else 'never'}",
            *settings,
            *self.options.settings,
        ]
        said = self.bgad(
            "train", "--layout", "manifest", "--data", manifest, "--backbone", self.options.backbone,
            "--weights", self.options.weights, "--feature-cache", self.cache, "--no-report", "--json", "--out", out,
            *(word for setting in settings for word in ("--set", setting)),
        )
        return Model(out / "model.bgad"), json.loads(said)

    def scores(self, normal):
        """The scores of these test images in the last training."""
        images = json.loads((self.folder / "run" / "scores.json").read_text())["images"]
        scores = {os.path.realpath(image["path"]): image["score"] for image in images if not image["trained"]}
        return [scores[os.path.realpath(self.set.root / path)] for path in normal]

    def predicted(self, model, normal):
        """The same scores from `bgad predict`, which reads the files."""
        listed = "".join(f"{self.folder / 'data' / path}\n" for path in normal)
        lines = self.bgad("predict", "--model", model.path, "--json", "-", listed=listed).splitlines()
        return [json.loads(line)["score"] for line in lines]

    def calibrate(self, model, normal, rate):
        """The output of `bgad calibrate`; the model does not change."""
        listed = "".join(f"{self.folder / 'data' / path}\n" for path in normal)
        out = self.folder / "calibrated.bgad"
        words = ("calibrate", "--model", model.path, "--normal", "-", "--fpr", rate, "--out", out, "--json")
        return json.loads(self.bgad(*words, listed=listed))


class Model:
    """A model file's threshold and its promise."""

    def __init__(self, path):
        with path.open("rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        description = json.loads(json.loads(header["__metadata__"]["bgad"])["description"])
        threshold, scores = description["threshold"], description["normal_scores"]
        self.path, self.images = path, len(scores)
        # A model without a threshold stores the largest number.
        self.threshold = threshold if threshold < 1e30 else None
        # Older model files have neither.
        self.promised, self.calibrated = description.get("promised_rate"), description.get("calibrated")
        # Like `ModelDescription::false_positive_rate` and `false_positive_bound`.
        above = sum(score > threshold for score in scores)
        has = self.threshold is not None
        self.stated = (above + 1) / (len(scores) + 1) if has else None
        self.bound = bound(above, len(scores)) if has else None


def bound(above, images):
    """The upper bound on the rate, at 95 % confidence, if `above` of the images score above the threshold."""
    if above >= images:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        at_most, term = 0.0, (1 - rate) ** images
        for count in range(above + 1):
            at_most += term
            term *= rate / (1 - rate) * (images - count) / (count + 1)
        low, high = (rate, high) if 1 - at_most < CONFIDENCE else (low, rate)
    return high


def share_above(scores, threshold):
    """None without a threshold."""
    return None if threshold is None else sum(score > threshold for score in scores) / len(scores)


def each_set(options, measure):
    """Measures set after set in a temporary folder, and writes what came out beside other sets' results.

    `measure` is given what the file has of this set by the same program and settings, and a function that writes.
    """
    program = hashlib.sha256(options.bgad.read_bytes()).hexdigest()
    for name in options.sets:
        data_set = DataSet(options.data, name)
        how = {"program": program, "settings": options.settings, "seed": options.seed, "backbone": options.backbone}

        def keep(result):
            if options.json:
                written = options.json.with_suffix(".part")
                written.write_text(json.dumps({**read(options.json), name: {**how, **result}}, indent=1) + "\n")
                written.replace(options.json)

        kept = read(options.json).get(name)
        same = kept is not None and all(kept.get(key) == value for key, value in how.items())
        with tempfile.TemporaryDirectory() as folder:
            measure(Runs(options, data_set, folder), data_set, kept if same else None, keep)


def read(file):
    return json.loads(file.read_text()) if file and file.exists() else {}
