"""Measures the time from files to scores for a folder of photographs, with programs that one would deploy.

    throughput.py photographs FOLDER [COUNT]              draws JPEG photographs of 1024 x 1024 pixels
    throughput.py onnxruntime ARCHITECTURE MODELS FOLDER  the graph of deployed.py, one process a core
    throughput.py openvino ARCHITECTURE MODELS FOLDER     the same
    throughput.py anomalib-export WEIGHTS MODELS          PaDiM, as anomalib exports it
    throughput.py anomalib MODELS FOLDER                  anomalib's OpenVINO inferencer, one process a core

PatchCore is missing, because anomalib 2.7 exports it with a fixed batch of two, which its own inferencer can't feed.
Every process decodes with Pillow and computes with one thread. Each run prints one JSON object: images per second, from
the first file to the last score, without the start of the processes.
"""

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy

SIDE, COUNT, SIZE = 1024, 1000, 256
CORES = len(os.sched_getaffinity(0))


def photographs(folder, count=COUNT):
    """Draws smooth shapes with fine grain; as a JPEG file each takes about 300 kB, like a photograph."""
    from PIL import Image

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    draw = numpy.random.default_rng(0)
    grain = draw.normal(0, 9, (SIDE, SIDE, 3))
    for index in range(int(count)):
        coarse = draw.integers(60, 200, (12, 12, 3), dtype=numpy.uint8)
        smooth = numpy.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC), numpy.float32)
        pixels = numpy.clip(smooth + numpy.roll(grain, index, (0, 1)), 0, 255).astype(numpy.uint8)
        Image.fromarray(pixels).save(folder / f"{index:04}.jpg", quality=90)


def deployed(runtime, file):
    """Scores one file with a runtime and one thread."""
    from PIL import Image

    if runtime == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        infer = lambda images: session.run(None, {"images": images})[0]
    else:
        import openvino

        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        request = openvino.Core().compile_model(file, "CPU", settings).create_infer_request()
        infer = lambda images: request.infer([images])[0]

    def score(path):
        image = Image.open(path).convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        pixels = (numpy.asarray(image, numpy.float32) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        images = numpy.ascontiguousarray(pixels.transpose(2, 0, 1)[None], numpy.float32)
        return 3 - float(numpy.min(infer(images)))

    return score


def anomalib(file):
    import warnings

    warnings.filterwarnings("ignore")
    from anomalib.deploy import OpenVINOInferencer

    # It writes a cache to the working folder.
    file = Path(file).resolve()
    os.chdir(file.parent)
    inferencer = OpenVINOInferencer(file, device="CPU", config={"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1})
    return lambda path: float(inferencer.predict(image=path).pred_score.ravel()[0])


WORK = {}


def begin(kind, *rest):
    WORK["score"] = (deployed if kind == "deployed" else anomalib)(*rest)


def score(path):
    return WORK["score"](path)


def ready(_):
    """Keeps a process busy long enough for all processes to start."""
    time.sleep(0.5)


def run(folder, *work):
    files = sorted(str(path) for path in Path(folder).resolve().glob("*.jpg"))
    with ProcessPoolExecutor(CORES, initializer=begin, initargs=work) as pool:
        list(pool.map(ready, range(CORES)))
        list(pool.map(score, files[: 4 * CORES]))
        start = time.perf_counter()
        scores = list(pool.map(score, files, chunksize=4))
        seconds = time.perf_counter() - start
    assert len(scores) == len(files) and numpy.isfinite(scores).all()
    print(json.dumps({"images_per_second": len(files) / seconds, "images": len(files), "processes": CORES}))


def anomalib_export(weights, models):
    import torch
    from anomalib.models import Padim
    from safetensors.torch import load_file

    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    architecture = Path(weights).stem
    images = torch.rand(64, 3, SIZE, SIZE)
    model = Padim(architecture, ["blocks.1", "blocks.2", "blocks.4"], pre_trained=False, n_features=100)
    network = model.model
    network.feature_extractor.feature_extractor.load_state_dict(load_file(weights), strict=False)
    network.train()
    for batch in images.split(8):
        network(batch)
    network.fit()
    model.eval()
    model.to_openvino(Path(models) / "padim")


if __name__ == "__main__":
    command, *rest = sys.argv[1:] or [""]
    if command == "photographs":
        photographs(*rest)
    elif command in ("onnxruntime", "openvino"):
        architecture, models, folder = rest
        run(folder, "deployed", command, str(Path(models) / f"{architecture}-1.onnx"))
    elif command == "anomalib-export":
        anomalib_export(*rest)
    elif command == "anomalib":
        models, folder = rest
        run(folder, "anomalib", str(next((Path(models) / "padim").rglob("*.xml"))))
    else:
        sys.exit(__doc__)
