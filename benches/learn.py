"""What `bgad learn` gains on a kind of defect that the model has not seen, compared with training from scratch:

    BGAD_WEIGHTS=weights python3 benches/learn.py --data data [SET...] [--draws 3] [--counts 1 2 5 10] [--json FILE]

A draw puts normal images and the abnormal ones of each kind in an order. A run is trained on normal images alone, or with
`--others N` of each other kind, and is then taught 1, 2, 5 and 10 images of one kind, with their masks where the set has
masks. *Rest* are images of that kind that are taught in no row, and the same in all. Recall is taken at the score that
1 % and 5 % of the unseen normal images exceed. *False alarms* are those of the unseen normal images at the model's own
threshold. Scores are those that both programs leave in `scores.json`; times are those that they tell.
"""

import argparse
import csv
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from normal_draws import DataSet, Model, SETS

# Normal training images, and unseen ones at most.
NORMAL = {"tile": (200, 200), "cookie": (31, 14), "headct": (75, 25), "fabric02": (75, 200), "fibre": (90, 18)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("sets", nargs="*", metavar="SET", help=f"default: {' '.join(NORMAL)}")
    p.add_argument("--data", type=Path, default=Path(os.environ.get("BGAD_DATA", ".")), help="folder of data sets")
    p.add_argument("--bgad", type=Path, default=Path("target/release/bgad"))
    p.add_argument("--backbone", default="tf_efficientnetv2_b0")
    p.add_argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", help="as of bgad train")
    p.add_argument("--kinds", nargs="+", help="kinds that are taught [default: all with enough images]")
    p.add_argument("--counts", type=int, nargs="+", default=[1, 2, 5, 10], metavar="N", help="images that are taught")
    p.add_argument("--from-nothing", type=int, nargs="*", default=[5], metavar="N", help="counts to train from scratch too")
    p.add_argument("--normal", type=int, help="normal training images [default: those of the set]")
    p.add_argument("--others", type=int, default=0, help="abnormal training images of each other kind")
    p.add_argument("--test", type=int, default=40, help="test images of each kind, at most")
    p.add_argument("--draws", type=int, default=3)
    p.add_argument("--first-draw", type=int, default=0)
    p.add_argument("--whole", action="store_true", help="teach whole images, without masks")
    p.add_argument("--json", type=Path, help="also write all rows to this file, beside those that are there")
    options = p.parse_args()
    options.weights = Path(os.environ.get("BGAD_WEIGHTS", ".")) / f"{options.backbone}.safetensors"
    if not options.weights.is_file():
        p.error(f"{options.weights}: not a file; set BGAD_WEIGHTS to the folder of weights")
    for name in options.sets or NORMAL:
        if name not in NORMAL:
            p.error(f"{name}: no such set; there are {', '.join(NORMAL)}")
        if not (options.data / SETS[name][0]).is_dir():
            p.error(f"{options.data / SETS[name][0]}: not a folder; name the folder of data sets with --data")
    for name in options.sets or NORMAL:
        teach_set(options, DataSet(options.data, name))


def kind_of(path):
    """The folder that names the kind: `MT_Crack/Imgs/x.jpg`, `test/d002/x.png`."""
    folder = Path(path).parent
    return folder.parent.name if folder.name == "Imgs" else folder.name


def teach_set(options, data_set):
    kinds = {}
    for path in data_set.abnormal:
        kinds.setdefault(kind_of(path), []).append(path)
    most = max(options.counts)
    taught = options.kinds or [kind for kind, paths in sorted(kinds.items()) if len(paths) >= most + 3]
    if not taught:
        print(f"\n{data_set.name}: no kind has {most + 3} images; name smaller --counts")
        return
    for kind in taught:
        rows = {count: [] for count in options.counts}
        for number in range(options.first_draw, options.first_draw + options.draws):
            with tempfile.TemporaryDirectory() as folder:
                draw = Draw(options, data_set, Path(folder), kinds, kind, number)
                for count in options.counts:
                    rows[count].append(draw.teach(count))
                    keep(options, data_set.name, kind, number, count, rows[count][-1])
        table(data_set.name, kind, rows)


class Draw:
    """A run without one kind of defect, and its lessons on that kind."""

    def __init__(self, options, data_set, folder, kinds, kind, number):
        self.options, self.set, self.folder, self.kind = options, data_set, folder, kind
        (folder / "data").symlink_to(data_set.root)
        normal = data_set.draw(number)
        count, unseen = NORMAL[data_set.name]
        count = options.normal or count
        self.train, self.test_normal = normal[:count], normal[count:][:unseen]
        order = {
            name: random.Random(f"{data_set.name} {name} {number}").sample(paths, len(paths))
            for name, paths in kinds.items()
        }
        most = max(options.counts)
        self.lesson, self.rest = order[kind][:most], order[kind][most:][: options.test]
        others = {name: paths for name, paths in order.items() if name != kind}
        self.abnormal = [path for paths in others.values() for path in paths[: options.others]]
        self.others = [path for paths in others.values() for path in paths[options.others :][: options.test]]
        said = self.train_run("run", [])
        self.features = said["kept_features"]
        self.before = self.figures("run")
        self.before["seconds"] = said["seconds"]["total"]

    def train_run(self, out, more):
        """A run on the normal images, those of other kinds, and `more` abnormal ones."""
        manifest = self.folder / f"{out}.csv"
        abnormal = self.abnormal + more
        with manifest.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["path", "label", "mask", "split"])
            rows = [(path, "train") for path in self.train + abnormal]
            rows += [(path, "test") for path in self.test_normal + self.rest + self.others]
            normal = set(self.train + self.test_normal)
            for path, split in rows:
                mask = self.set.masks.get(path)
                mask = None if self.options.whole and split == "train" else mask
                label = "normal" if path in normal else "abnormal"
                table.writerow([f"data/{path}", label, f"data/{mask}" if mask else "", split])
        settings = [f"granularity={self.set.granularity}", *self.options.settings]
        return json.loads(self.bgad(
            "train", "--layout", "manifest", "--data", manifest, "--backbone", self.options.backbone,
            "--weights", self.options.weights, "--keep-features", "--no-report", "--json", "--out", self.folder / out,
            *(["--model", "bgad-fas"] if abnormal else []),
            *(word for setting in settings for word in ("--set", setting)),
        ))

    def teach(self, count):
        out = self.folder / f"learned-{count}"
        words = []
        for path in self.lesson[:count]:
            words += ["--missed", self.folder / "data" / path]
            if path in self.set.masks and not self.options.whole:
                words += ["--mask", self.folder / "data" / self.set.masks[path]]
        said = self.bgad("learn", "--run", self.folder / "run", *words, "--no-report", "--json", "--out", out)
        result = json.loads(said.splitlines()[-1])["result"]
        row = {
            "before": self.before,
            "after": self.figures(out.name),
            "seconds": result["seconds"],
            "training": result["training_seconds"],
            "flipped": len(result["flipped"]),
            "found": sum(image["abnormal"]["after"] for image in result["taught"]) / count,
            "features": self.features,
        }
        if count in self.options.from_nothing:
            name = f"nothing-{count}"
            said = self.train_run(name, self.lesson[:count])
            row["nothing"] = {**self.figures(name), "seconds": said["seconds"]["total"]}
        return row

    def bgad(self, *words):
        command = [str(word) for word in (self.options.bgad, *words)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        return done.stdout

    def figures(self, run):
        """Metrics of a run's scores on unseen images."""
        images = json.loads((self.folder / run / "scores.json").read_text())["images"]
        root = self.set.root
        scores = {}
        for image in images:
            if not image["trained"]:
                path = Path(image["path"])
                path = path.relative_to(self.folder / "data") if path.is_relative_to(self.folder / "data") else path
                scores[str(path.relative_to(root)) if path.is_absolute() else str(path)] = image["score"]
        of = lambda paths: [scores[path] for path in paths]
        normal, rest, others = of(self.test_normal), of(self.rest), of(self.others)
        model = Model(self.folder / run / "model.bgad")
        return {
            "recall_1": recall(rest, normal, 0.01),
            "recall_5": recall(rest, normal, 0.05),
            "auroc": auroc(rest, normal),
            "others": auroc(others, normal) if others else None,
            "by_kind": self.by_kind(scores, normal),
            "false_alarms": sum(score > model.threshold for score in normal) / len(normal),
            "recall": sum(score > model.threshold for score in rest) / len(rest),
            "threshold": model.threshold,
            "promised": model.promised,
        }

    def by_kind(self, scores, normal):
        kinds = {}
        for path in self.others:
            kinds.setdefault(kind_of(path), []).append(scores[path])
        return {kind: auroc(found, normal) for kind, found in sorted(kinds.items())}


def recall(abnormal, normal, rate):
    """The share above the lowest score that at most `rate` of the normal images exceed."""
    above = math.floor(rate * len(normal))
    threshold = sorted(normal, reverse=True)[above]
    return sum(score > threshold for score in abnormal) / len(abnormal)


def auroc(abnormal, normal):
    wins = sum((a > n) + (a == n) / 2 for a in abnormal for n in normal)
    return wins / (len(abnormal) * len(normal))


def keep(options, name, kind, draw, count, row):
    if options.json:
        rows = json.loads(options.json.read_text()) if options.json.exists() else {}
        key = f"{name} {kind} draw {draw} taught {count}"
        rows[key] = {"settings": options.settings, "others": options.others, "whole": options.whole, **row}
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


def table(name, kind, rows):
    draws = [row for of_count in rows.values() for row in of_count]
    first = draws[0]["features"]
    print(f"\n{name}, {kind}: {len(next(iter(rows.values())))} draws; kept features {first['files']} files, "
          f"{first['bytes'] / 2**20:.0f} MiB; recall and AUROC before -> after (each draw's after)\n")
    print("| taught | recall at 1 % | recall at 5 % | AUROC | AUROC of other kinds | worst change of a kind "
          "| false alarms (promised) | seconds | of training from nothing | furthest from it |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for count, of_count in rows.items():
        nothing = [row for row in of_count if "nothing" in row]
        share = statistics.mean(row["seconds"] / row["nothing"]["seconds"] for row in nothing) if nothing else None
        keys = ["recall_1", "recall_5", "auroc", "others"]
        far = [abs(row["after"][k] - row["nothing"][k]) for row in nothing for k in keys if row["after"][k] is not None]
        changes = [
            row["after"]["by_kind"][other] - before
            for row in of_count for other, before in row["before"]["by_kind"].items()
        ]
        mean = statistics.mean(row["after"]["false_alarms"] for row in of_count)
        print(
            f"| {count} | " + " | ".join(change(of_count, key) for key in keys)
            + (f" | {min(changes):+.3f}" if changes else " | -")
            + f" | {mean:.3f} ({of_count[0]['after']['promised']})"
            + f" | {statistics.mean(row['seconds'] for row in of_count):.1f}"
            + (f" | {share:.2f} | {max(far):.4f} |" if nothing else " | - | - |"),
            flush=True,
        )


def change(rows, key):
    if rows[0]["before"][key] is None:
        return "-"
    before = statistics.mean(row["before"][key] for row in rows)
    after = [row["after"][key] for row in rows]
    return f"{before:.3f} -> {statistics.mean(after):.3f} ({' '.join(f'{value:.3f}' for value in after)})"


if __name__ == "__main__":
    main()
