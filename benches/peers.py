"""Compares anomalib's PatchCore, PaDiM and SuperSimpleNet with `bgad`; `peers.sh` prepares what it needs.

All methods see the same weights, training images, test images, masks and input size. Each runs in a process of its
own, one after the other. A peer takes its split from `dataset.json` of a bgad run, so that the two cannot differ.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy

BATCH = 8
METHODS = ["patchcore-2", "patchcore-10", "padim", "supersimplenet"]
FIGURES = ["image_auroc", "pixel_auroc", "aupro", "fit_seconds", "predict_ms", "peak_mib"]


# The split and its files.

def split_of(run):
    """Training images, abnormal ones among them, and test images of a bgad run."""
    dataset = json.loads((run / "dataset.json").read_text())
    root = Path(dataset["root"])

    def sample(entry):
        masks = [root / path for path in entry["mask"] or []]
        return {**entry, "path": root / entry["path"], "masks": masks, "abnormal": entry["label"] != "normal"}

    train, test = ([sample(entry) for entry in dataset[part]] for part in ("train", "test"))
    return {
        "name": dataset["name"],
        "normal": [s for s in train if not s["abnormal"]],
        "abnormal": [s for s in train if s["abnormal"]],
        "test": test,
    }


def part_of(image, region):
    """The part of an image that is a sample; the whole image if there is no region."""
    if region is None:
        return image
    x, y = region["x"], region["y"]
    return image.crop((x, y, x + region["width"], y + region["height"]))


def picture(sample, size):
    """Red, green and blue in [0, 1], `3 x size x size`."""
    from PIL import Image

    image = part_of(Image.open(sample["path"]).convert("RGB"), sample["region"])
    resized = image.resize((size, size), Image.Resampling.LANCZOS)
    return numpy.asarray(resized).transpose(2, 0, 1).astype(numpy.float32) / 255


def mask_values(path):
    from PIL import Image

    return numpy.asarray(Image.open(path).convert("RGB")).max(axis=2)


class Masks:
    """Masks at the size of the maps, read by one rule for the whole set: class numbers mark where they are not 0."""

    def __init__(self, samples, size):
        self.size = size
        highest = [mask_values(path).max() for s in samples for path in s["masks"]]
        self.above = 0 if highest and max(highest) <= 127 else 127

    def of(self, sample):
        """`size x size`; None for an abnormal image without a mask."""
        from PIL import Image

        united = numpy.zeros((self.size, self.size), bool)
        for path in sample["masks"]:
            marked = Image.fromarray((mask_values(path) > self.above).astype(numpy.uint8))
            marked = part_of(marked, sample["region"]).resize((self.size, self.size), Image.Resampling.NEAREST)
            united |= numpy.asarray(marked) > 0
        return united if sample["masks"] or not sample["abnormal"] else None


# Metrics, as `bgad-metrics` defines them.

def auroc(abnormal, scores):
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(abnormal, scores))


def aupro(maps, masks, limit=0.3):
    """Exact area under the per-region overlap curve up to a false-positive rate of `limit`, divided by it."""
    from skimage.measure import label

    regions = [label(mask, connectivity=2) for mask in masks]
    count = sum(int(region.max()) for region in regions)
    overlaps = []
    for region in regions:
        areas = numpy.bincount(region.ravel())
        shares = 1 / (areas * count)
        shares[0] = 0
        overlaps.append(shares[region])
    scores = numpy.stack(maps).ravel()
    overlap, normal = numpy.stack(overlaps).ravel(), ~numpy.stack(masks).ravel()
    order = numpy.argsort(-scores, kind="stable")
    scores, overlap, normal = scores[order], overlap[order], normal[order]
    # One point a distinct score; straight lines between them.
    last = numpy.append(numpy.flatnonzero(numpy.diff(scores)), len(scores) - 1)
    rates = numpy.append(0, numpy.cumsum(normal)[last] / normal.sum())
    overlaps = numpy.append(0, numpy.cumsum(overlap)[last])
    inside = rates < limit
    # Where several points have the limit's rate, the first of them ends the area.
    at_limit = rates[~inside][0]
    end = overlaps[~inside][0]
    before, height = rates[inside][-1], overlaps[inside][-1]
    end = height + (end - height) * (limit - before) / (at_limit - before)
    return float(numpy.trapezoid(numpy.append(overlaps[inside], end), numpy.append(rates[inside], limit)) / limit)


def figures(test, scores, maps, size):
    """Image AUROC, pixel AUROC and AUPRO. Abnormal images without a mask count in the first alone."""
    result = {"image_auroc": auroc([s["abnormal"] for s in test], scores), "pixel_auroc": None, "aupro": None}
    reader = Masks(test, size)
    pairs = [(m, mask) for m, mask in zip(maps, map(reader.of, test)) if mask is not None]
    maps, masks = [m for m, _ in pairs], [mask for _, mask in pairs]
    if any(mask.any() for mask in masks):
        result["pixel_auroc"] = auroc(numpy.stack(masks).ravel(), numpy.stack(maps).ravel())
        result["aupro"] = aupro(maps, masks)
    return result


# The peers: each a function from split and options to a model that predicts.

class Images:
    """Batches of normalised images, read when they are asked for."""

    def __init__(self, size, architecture):
        import timm
        import torch

        self.size = size
        published = timm.get_pretrained_cfg(architecture)
        self.mean, self.std = (torch.tensor(values)[:, None, None] for values in (published.mean, published.std))

    def of(self, samples):
        import torch

        return (torch.from_numpy(numpy.stack([picture(s, self.size) for s in samples])) - self.mean) / self.std

    def batches(self, samples):
        for first in range(0, len(samples), BATCH):
            yield self.of(samples[first:first + BATCH])


def with_weights(build, extractor, file):
    """A model whose backbone has the weights of a file: SuperSimpleNet would fetch its own."""
    import timm
    from safetensors.torch import load_file

    create = timm.create_model
    timm.create_model = lambda *names, **options: create(*names, **{**options, "pretrained": False})
    try:
        model = build()
    finally:
        timm.create_model = create
    backbone = extractor(model)
    missing, _ = backbone.load_state_dict(load_file(file), strict=False)
    # No method uses the deepest blocks, and weights files may leave them out.
    missing = [name for name in missing if not name.startswith(("blocks.5", "blocks.6")) and "num_batches" not in name]
    if missing:
        sys.exit(f"{file}: no weights for {missing[0]} and {len(missing) - 1} others")
    return model


def patchcore(split, options, images, percent):
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel

    model = with_weights(
        lambda: PatchcoreModel(layers=["blocks.2", "blocks.4"], backbone=options.backbone, pre_trained=False),
        lambda m: m.feature_extractor.feature_extractor, options.weights)
    model.train()
    for batch in images.batches(split["normal"]):
        model(batch)
    model.subsample_embedding(percent / 100)
    return model


def padim(split, options, images):
    from anomalib.models.image.padim.torch_model import PadimModel

    layers = ["blocks.1", "blocks.2", "blocks.4"]
    model = with_weights(
        lambda: PadimModel(layers=layers, backbone=options.backbone, pre_trained=False, n_features=100),
        lambda m: m.feature_extractor.feature_extractor, options.weights)
    model.train()
    for batch in images.batches(split["normal"]):
        model(batch)
    model.fit()
    return model


def supersimplenet(split, options, images):
    """Supervised where abnormal training images have masks: each batch is half of them, half of normal images.

    anomalib has the supervised model, but no training for it: batches and steps are chosen here.
    """
    import torch
    from anomalib.models.image.supersimplenet.loss import SSNLoss
    from anomalib.models.image.supersimplenet.torch_model import SupersimplenetModel

    abnormal = [s for s in split["abnormal"] if s["masks"]]
    model = with_weights(
        lambda: SupersimplenetModel(backbone=options.backbone, layers=["blocks.2", "blocks.4"], stop_grad=not abnormal),
        lambda m: m.feature_extractor.feature_extractor.feature_extractor, options.weights)
    reader = Masks(abnormal, options.size)
    draw = torch.Generator().manual_seed(options.seed)

    def passes(samples):
        """All samples in a new order, endlessly repeated."""
        while True:
            yield from (samples[i] for i in torch.randperm(len(samples), generator=draw).tolist())

    normal_pass, abnormal_pass = passes(split["normal"]), passes(abnormal)
    loss_of = SSNLoss()
    # Optimizer, rates and clipping of anomalib's own training.
    optimizer = torch.optim.AdamW([
        {"params": model.adaptor.parameters(), "lr": 1e-4},
        {"params": model.segdec.parameters(), "lr": 2e-4, "weight_decay": 1e-5},
    ])
    rates = torch.optim.lr_scheduler.MultiStepLR(optimizer, [int(options.steps * share) for share in (0.8, 0.9)], 0.4)
    model.train()
    for _ in range(options.steps):
        half = BATCH // 2 if abnormal else 0
        batch = [next(normal_pass) for _ in range(BATCH - half)] + [next(abnormal_pass) for _ in range(half)]
        masks = torch.from_numpy(numpy.stack([reader.of(s) for s in batch])).float()
        labels = torch.tensor([float(s["abnormal"]) for s in batch])
        predicted_map, predicted_score, masks, labels = model(images.of(batch), masks, labels)
        optimizer.zero_grad()
        loss_of(predicted_map, predicted_score, masks, labels).backward()
        if abnormal:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        rates.step()
    return model


def fit_and_predict(options):
    """One method's results on a split, as an object."""
    import resource
    import warnings

    warnings.filterwarnings("ignore")
    import anomalib.models  # noqa: F401  its import is no part of fitting
    import torch

    torch.manual_seed(options.seed)
    split = split_of(options.run)
    split["normal"] = split["normal"][:options.limit]
    images = Images(options.size, options.backbone)
    name, _, percent = options.method.partition("-")
    # As in anomalib's own runs; a coreset would keep every one of its steps for the gradient.
    torch.set_grad_enabled(name == "supersimplenet")
    begin = time.perf_counter()
    if name == "patchcore":
        # The greedy choice takes time in proportion to chosen rows times all rows.
        rows = len(split["normal"]) * (options.size // 8) ** 2
        if rows * rows * int(percent) / 100 > options.coreset_limit:
            return {"left_out": f"coreset of {rows * int(percent) // 100} among {rows} rows"}
        model = patchcore(split, options, images, int(percent))
    else:
        model = {"padim": padim, "supersimplenet": supersimplenet}[name](split, options, images)
    fitted = time.perf_counter()
    model.eval()
    torch.set_grad_enabled(False)
    scores, maps = [], []
    for batch in images.batches(split["test"]):
        predicted = model(batch)
        scores += predicted.pred_score.flatten().tolist()
        maps += list(predicted.anomaly_map[:, 0].numpy())
    predicted = time.perf_counter()
    return {
        # Measured before the metrics, which are not part of the method.
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "fit_seconds": fitted - begin,
        "predict_ms": (predicted - fitted) / len(split["test"]) * 1e3,
        **figures(split["test"], scores, maps, options.size),
    }


# bgad, by its own program.

def timed(command, **more):
    """Output, wall seconds and peak MiB of a process; stops if it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begin = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command], stdout=out, stderr=errors, **more)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begin
        out.seek(0), errors.seek(0)
        if status:
            sys.exit(f"{' '.join(map(str, command))}\n{errors.read()[-2000:]}")
        return out.read(), seconds, usage.ru_maxrss / 1024


def bgad(options, run, more):
    """Trains, then scores the test images; training's seconds are those of the whole process."""
    split = run / "split.json"
    data = [part for name, value in data_options(options) for part in (name, *value)]
    run.mkdir(parents=True)
    train = [options.bgad, "train", *data, "--backbone", options.backbone, "--weights", options.weights,
             *([] if options.own_size else ["--image-size", options.size]), "--seed", options.seed, "--set", "schedule.evaluate=never", "--no-report",
             "--write-split", split, "--out", run, "--json", "--quiet", *more]
    _, fit, peak = timed(train)
    model = run / "model.bgad"
    test = split_of(run)["test"]
    predict = None
    # `bgad predict` scores whole files, so it cannot time parts of images.
    if all(s["region"] is None for s in test):
        listed = run / "test.txt"
        listed.write_text("".join(f"{s['path']}\n" for s in test))
        with listed.open() as paths:
            predicting = [options.bgad, "predict", "--model", model, "--json", "--quiet", "-"]
            _, seconds, peak_of_predict = timed(predicting, stdin=paths)
        predict, peak = seconds / len(test) * 1e3, max(peak, peak_of_predict)
    out, _, _ = timed([options.bgad, "evaluate", "--model", model, *data, "--split-file", split, "--json", "--quiet"])
    measured = json.loads(out)
    return {"peak_mib": peak, "fit_seconds": fit, "predict_ms": predict,
            **{name: measured[name] for name in ("image_auroc", "pixel_auroc", "aupro")}}


def data_options(options):
    given = {"--layout": options.layout, "--data": options.data, "--category": options.category,
             "--normal": options.normal, "--abnormal": options.abnormal, "--mask-dir": options.mask_dir,
             "--mask-suffix": options.mask_suffix, "--mask-values": options.mask_values}
    return [(name, value if isinstance(value, list) else [value]) for name, value in given.items() if value]


# The table.

def show(values, key):
    """One value, or the mean and standard deviation of several."""
    if None in values:
        return "–"
    digits = {"fit_seconds": 1, "predict_ms": 1, "peak_mib": 0}.get(key, 3)
    shown = f"{statistics.mean(values):.{digits}f}"
    return shown if len(values) == 1 else f"{shown} ± {statistics.stdev(values):.{digits}f}"


def row(entries):
    """A row of one run, or of one method's runs with several seeds."""
    left_out = [entry["left_out"] for entry in entries if "left_out" in entry]
    cells = [show([entry.get(key) for entry in entries], key) for key in FIGURES]
    if left_out:
        cells = [f"left out: {left_out[0]}", *[""] * (len(FIGURES) - 1)]
    seeds = ", ".join(str(entry["seed"]) for entry in entries)
    print(f"| {entries[0]['method']} | {seeds} | {' | '.join(cells)} |", flush=True)


def arguments():
    own, more = sys.argv[1:], []
    if "--" in own:
        own, more = own[:own.index("--")], own[own.index("--") + 1:]
    p = argparse.ArgumentParser(description=__doc__, epilog="Arguments after -- go to `bgad train`.")
    p.add_argument("--run", type=Path, help="a folder of `bgad train --out`, for its split")
    p.add_argument("--bgad", type=Path, help="the program to train with first; needs --layout and --data")
    p.add_argument("--layout")
    p.add_argument("--data", type=Path)
    p.add_argument("--category")
    p.add_argument("--normal", nargs="+")
    p.add_argument("--abnormal", nargs="+")
    p.add_argument("--mask-dir")
    p.add_argument("--mask-suffix")
    p.add_argument("--mask-values")
    p.add_argument("--backbone", default="tf_efficientnetv2_b0")
    p.add_argument("--weights", type=Path, help="default: BACKBONE.safetensors in $BGAD_WEIGHTS")
    p.add_argument("--size", type=int, default=256, help="pixels")
    p.add_argument("--own-size", action="store_true",
                   help="let bgad choose the sizes of its inputs, as `bgad train` does; the peers keep --size")
    p.add_argument("--seeds", "--seed", type=int, nargs="+", default=[0])
    p.add_argument("--methods", nargs="*", choices=METHODS, default=METHODS)
    p.add_argument("--limit", type=int, help="normal training images that the peers see, the first ones of the split")
    p.add_argument("--coreset-limit", type=float, default=1e9,
                   help="coreset rows times all rows, above which PatchCore is left out")
    p.add_argument("--steps", type=int, default=300, help=f"SuperSimpleNet's, each of {BATCH} images")
    p.add_argument("--json", type=Path, help="a file to append an object a line to")
    p.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    options = p.parse_args(own)
    options.weights = options.weights or Path(os.environ.get("BGAD_WEIGHTS", ".")) / f"{options.backbone}.safetensors"
    if not options.weights.is_file():
        p.error(f"{options.weights}: not a file; set BGAD_WEIGHTS to the folder of weights, or give --weights")
    if (options.run is None) == (options.bgad is None):
        p.error("give either --run or --bgad")
    if options.bgad and not (options.layout and options.data):
        p.error("--bgad needs --layout and --data")
    return options, more


def peer(options, run, method, seed):
    """Runs one method in a separate process."""
    command = [sys.executable, __file__, "--run", run, "--weights", options.weights, "--backbone", options.backbone,
               "--size", options.size, "--coreset-limit", options.coreset_limit, "--steps", options.steps,
               "--seed", seed, "--method", method]
    if options.limit:
        command += ["--limit", options.limit]
    out, _, _ = timed(command)
    return json.loads(out.splitlines()[-1])


def main():
    options, more = arguments()
    if options.method:
        options.seed = options.seeds[0]
        print(json.dumps(fit_and_predict(options)))
        return
    print("| method | seed | image AUROC | pixel AUROC | AUPRO | fit, s | prediction, ms an image | peak memory, MiB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    by_method = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in options.seeds:
            options.seed, run = seed, options.run
            results = []
            if options.bgad:
                run = Path(folder) / f"seed-{seed}"
                results.append(("bgad", lambda: bgad(options, run, more)))
            results += [(method, lambda method=method: peer(options, run, method, seed)) for method in options.methods]
            for method, measure in results:
                measured = measure()
                split = split_of(run)
                entry = {"set": split["name"], "method": method, "seed": seed, "size": options.size,
                         "train": len(split["normal"][:options.limit if method != "bgad" else None]),
                         "abnormal": len(split["abnormal"]), "test": len(split["test"]), **measured}
                row([entry])
                by_method.setdefault(method, []).append(entry)
                if options.json:
                    with options.json.open("a") as lines:
                        lines.write(json.dumps(entry) + "\n")
    if len(options.seeds) > 1:
        for entries in by_method.values():
            row(entries)


main()
