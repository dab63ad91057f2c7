"""Runs both sides in turn and prints one table; `compare.sh` prepares what it needs."""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORK, ROUNDS = Path(sys.argv[1]), int(sys.argv[2])
PYTHON = [str(WORK / "venv/bin/python"), "benches/pytorch.py"]
DEPLOYED = [PYTHON[0], "benches/deployed.py"]
RUNTIMES = ["onnxruntime", "openvino"]
# `deployed` runs only the comparison with ONNX Runtime and OpenVINO, `eight-bits` only that with OpenVINO in eight
# bits, `throughput` only that from files to scores, `pytorch` only that with PyTorch.
PARTS = os.environ.get("PARTS", "deployed pytorch").split()
RELEASE = Path("target/release")
ARCHITECTURES = ["tf_efficientnet_b6", "tf_efficientnetv2_b0"]
DIMENSIONS = [40, 72, 200]
# Photographs that a model is trained on before it scores all of them.
NORMAL_PHOTOGRAPHS = 30


def run(command):
    """The output of a command; stops if it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}\n{done.stderr}")
    return done.stdout


def whole(command):
    """Wall seconds and peak MiB of a process."""
    begin = time.perf_counter()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command}: status {status}")
    return {"seconds": time.perf_counter() - begin, "peak_mib": usage.ru_maxrss / 1024}


def in_turn(ours, theirs, rounds):
    """Results of both sides, measured alternately, so that other work on the machine affects both."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def row(name, ours, theirs, key, unit):
    ours, theirs = [[result[key] for result in side] for side in (ours, theirs)]
    ratios = [a / b for a, b in zip(ours, theirs)]
    a, b, r = (statistics.median(values) for values in (ours, theirs, ratios))
    print(f"| {name} | {a:.1f} {unit} | {b:.1f} {unit} | {r:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |", flush=True)


def weights(architecture):
    file = WORK / f"{architecture}.safetensors"
    if not file.exists():
        run([*PYTHON, "weights", architecture, file])
    return file


def set_of_pictures(folder):
    """Eight normal pictures and five abnormal ones, for a model to predict with."""
    script = """
import sys, numpy
from pathlib import Path
from PIL import Image
root, draw = Path(sys.argv[1]), numpy.random.default_rng(0)
def save(path, defect=False):
    pixels = draw.integers(90, 160, (256, 256, 3), dtype=numpy.uint8)
    mask = numpy.zeros((256, 256), numpy.uint8)
    if defect:
        x, y = draw.integers(20, 200, 2)
        pixels[y:y + 20, x:x + 20] = 255
        mask[y:y + 20, x:x + 20] = 255
        to = root / "ground_truth" / "spot" / f"{path.stem}_mask.png"
        to.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(to)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
for i in range(8): save(root / "train" / "good" / f"{i}.png")
save(root / "test" / "good" / "0.png")
for i in range(6): save(root / "test" / "spot" / f"{i}.png", True)
"""
    run([PYTHON[0], "-c", script, folder])


def train_command(architecture, data, out, *more):
    return [RELEASE / "bgad", "train", "--layout", "mvtec", "--data", data, "--model", "bgad-fas", "--backbone",
            architecture, "--weights", weights(architecture), "--set", "schedule.evaluate=never", "--out", out, *more]


def measured(model):
    return json.loads(run([RELEASE / "examples/measure", model]))


def beside_deployed(architecture, folder):
    """The published method here and in the runtimes it would be deployed with, and the default preset."""
    models = {}
    for preset in ("paper", "default"):
        out = Path(folder) / f"{architecture}-{preset}"
        run(train_command(architecture, folder, out, "--preset", preset, "--meta-epochs", 1, "--sub-epochs", 1))
        models[preset] = out / "model.bgad"
    if not (WORK / f"{architecture}-8.onnx").exists():
        run([*DEPLOYED, "export", architecture, weights(architecture), WORK])
    image = Path(folder) / "test/good/0.png"
    rounds = []
    for _ in range(ROUNDS):
        sides = {}
        for preset, model in models.items():
            cold = whole([RELEASE / "bgad", "predict", "--model", model, image])
            sides[preset] = {**measured(model), "cold": cold["seconds"], "cold_mib": cold["peak_mib"]}
        for runtime in RUNTIMES:
            command = [*DEPLOYED, runtime, architecture, WORK]
            cold = whole([*command, image])
            sides[runtime] = {**json.loads(run(command)), "cold": cold["seconds"], "cold_mib": cold["peak_mib"]}
        rounds.append(sides)
    for key, name, unit in (
        ("batch_1", "batch 1, an image", "ms"),
        ("batch_8", "batch 8, an image", "ms"),
        ("peak_mib", "peak memory", "MiB"),
        ("cold", "one image from the start of the process", "s"),
        ("cold_mib", "peak memory of that", "MiB"),
    ):
        digits = 2 if unit == "s" else 1
        cells = [f"{statistics.median(sides[side][key] for sides in rounds):.{digits}f} {unit}" for side in rounds[0]]
        ratios = [sides["paper"][key] / min(sides[runtime][key] for runtime in RUNTIMES) for sides in rounds]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"| {architecture}, {name} | {' | '.join(cells)} | {ratio} |", flush=True)


def in_eight_bits(architecture, folder):
    """The default preset in single precision and in eight bits, and the runtime's graph in eight bits."""
    normal, out = Path(folder) / "train/good", Path(folder) / architecture
    run(train_command(architecture, folder, out))
    single, eight = out / "model.bgad", out / "eight-bits.bgad"
    run([RELEASE / "bgad", "quantize", "--model", single, "--images", normal, "--out", eight])
    if not (WORK / f"{architecture}-8.onnx").exists():
        run([*DEPLOYED, "export", architecture, weights(architecture), WORK])
    if not (WORK / f"{architecture}-8.xml").exists():
        run([*DEPLOYED, "quantize", architecture, WORK, normal])
    rounds = []
    for _ in range(ROUNDS):
        sides = {"single": measured(single), "eight": measured(eight)}
        for runtime in ("openvino", "openvino-int8"):
            sides[runtime] = json.loads(run([*DEPLOYED, runtime, architecture, WORK]))
        rounds.append(sides)
    for key, name, unit in (
        ("batch_1", "batch 1, an image", "ms"),
        ("batch_8", "batch 8, an image", "ms"),
        ("peak_mib", "peak memory", "MiB"),
    ):
        cells = [f"{statistics.median(sides[side][key] for sides in rounds):.1f} {unit}" for side in rounds[0]]
        ratios = [sides["eight"][key] / sides["openvino-int8"][key] for sides in rounds]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"| {architecture}, {name} | {' | '.join(cells)} | {ratio} |", flush=True)


def throughput(architecture, folder):
    """Images per second from files to scores, with 1000 JPEG photographs of 1024 x 1024 pixels."""
    photographs = Path(os.environ.get("PHOTOGRAPHS", WORK / "photographs"))
    if not photographs.is_dir():
        run([PYTHON[0], "benches/throughput.py", "photographs", photographs])
    if not (WORK / f"{architecture}-1.onnx").exists():
        run([*DEPLOYED, "export", architecture, weights(architecture), WORK])
    # A model knows images like those that it scores: its bank of normal positions comes from photographs too.
    normal = Path(folder) / "train/good"
    shutil.rmtree(normal)
    normal.mkdir()
    for file in sorted(photographs.glob("*.jpg"))[:NORMAL_PHOTOGRAPHS]:
        (normal / file.name).symlink_to(file.resolve())
    sides = {}
    for preset in ("paper", "default"):
        out = Path(folder) / f"{architecture}-{preset}"
        if not out.exists():
            run(train_command(architecture, folder, out, "--preset", preset, "--meta-epochs", 1, "--sub-epochs", 1))
        command = [RELEASE / "bgad", "predict", "--model", out / "model.bgad", "--csv", "--quiet", photographs]
        images = len(list(photographs.glob("*.jpg")))
        # This includes the start of the process; the others don't.
        sides[f"bgad, {preset} preset"] = lambda command=command: images / whole(command)["seconds"]
    eight = Path(folder) / "eight-bits.bgad"
    run([RELEASE / "bgad", "quantize", "--model", out / "model.bgad", "--images", normal, "--out", eight])
    command = [RELEASE / "bgad", "predict", "--model", eight, "--csv", "--quiet", photographs]
    sides["bgad, default preset in eight bits"] = lambda command=command: images / whole(command)["seconds"]
    for runtime in RUNTIMES:
        command = [PYTHON[0], "benches/throughput.py", runtime, architecture, WORK, photographs]
        sides[f"{runtime} and Pillow"] = lambda command=command: json.loads(run(command))["images_per_second"]
    peers = Path(os.environ.get("PEERS", "target/peers"))
    if (peers / "venv/bin/python").exists():
        python = [peers / "venv/bin/python", "benches/throughput.py"]
        if not (WORK / "anomalib/padim").exists():
            run([*python, "anomalib-export", weights(architecture), WORK / "anomalib"])
        command = [*python, "anomalib", WORK / "anomalib", photographs]
        sides["anomalib's PaDiM, OpenVINO"] = lambda command=command: json.loads(run(command))["images_per_second"]
    rounds = [{name: measure() for name, measure in sides.items()} for _ in range(ROUNDS)]
    print("| 1000 photographs of 1024 x 1024, files to scores | images a second | ours, default preset, to it |")
    print("|---|---|---|")
    for name in sides:
        ratio = statistics.median(one["bgad, default preset"] / one[name] for one in rounds)
        print(f"| {name} | {statistics.median(one[name] for one in rounds):.1f} | {ratio:.2f} |", flush=True)


def main():
    # The version names the processor and the instructions that the kernels use.
    machine = run([RELEASE / "bgad", "--version"]).replace("\n", "; ")
    print(f"{machine}\n{ROUNDS} rounds, all sides in turn.\n")
    if "deployed" in PARTS:
        # The ratio is that of the paper preset to the better of the two runtimes, round by round.
        print("| | paper preset | default preset | ONNX Runtime | OpenVINO | ratio |\n|---|---|---|---|---|---|", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            set_of_pictures(folder)
            for architecture in reversed(ARCHITECTURES):
                beside_deployed(architecture, folder)
        print()
    if "eight-bits" in PARTS:
        # The ratio is that of eight bits on both sides.
        print("| | f32 | eight bits | OpenVINO, f32 | OpenVINO, int8 | ratio |\n|---|---|---|---|---|---|", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            set_of_pictures(folder)
            in_eight_bits(ARCHITECTURES[1], folder)
        print()
    if "throughput" in PARTS:
        with tempfile.TemporaryDirectory() as folder:
            set_of_pictures(folder)
            throughput(ARCHITECTURES[1], folder)
        print()
    if "pytorch" not in PARTS:
        return
    print("| | bgad | PyTorch | ratio |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        set_of_pictures(folder)
        for architecture in ARCHITECTURES:
            out = Path(folder) / architecture
            run(train_command(architecture, folder, out, "--meta-epochs", 1, "--sub-epochs", 1))
            ours, theirs = in_turn(
                lambda: measured(out / "model.bgad"),
                lambda: json.loads(run([*PYTHON, "predict", architecture, weights(architecture)])),
                ROUNDS,
            )
            for batch in (1, 8):
                row(f"prediction, {architecture}, batch {batch}, an image", ours, theirs, f"batch_{batch}", "ms")
            row(f"prediction, {architecture}, peak memory", ours, theirs, "peak_mib", "MiB")
    for dimension in DIMENSIONS:
        ours, theirs = in_turn(
            lambda: {"step": float(run([RELEASE / "examples/step_time", dimension]).splitlines()[-1].split()[1])},
            lambda: json.loads(run([*PYTHON, "step", dimension])),
            ROUNDS,
        )
        row(f"training step, 4096 rows of {dimension}", ours, theirs, "step", "ms")
    data = os.environ.get("TRAIN")
    if data:
        sub_epochs = os.environ.get("SUB_EPOCHS", "8")
        architecture = ARCHITECTURES[0]
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = in_turn(
                lambda: whole(train_command(architecture, data, Path(folder) / "run", "--meta-epochs", 2, "--sub-epochs", sub_epochs)),
                lambda: whole([*PYTHON, "train", architecture, weights(architecture), data, 2, sub_epochs]),
                int(os.environ.get("TRAIN_ROUNDS", "1")),
            )
        name = f"training, 2 meta-epochs of {sub_epochs} sub-epochs, {architecture}"
        row(name, ours, theirs, "seconds", "s")
        row(f"{name}, peak memory", ours, theirs, "peak_mib", "MiB")


main()
