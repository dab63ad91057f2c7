"""The published method as one would deploy it without this library, for comparison only.

    deployed.py export ARCHITECTURE WEIGHTS FOLDER    one ONNX file for each batch, with random flows
    deployed.py onnxruntime ARCHITECTURE FOLDER       milliseconds an image, at batch 1 and 8
    deployed.py openvino ARCHITECTURE FOLDER          the same
    deployed.py onnxruntime ARCHITECTURE FOLDER IMAGE the score of one image, and no more than that takes
    deployed.py openvino ARCHITECTURE FOLDER IMAGE    the same
    deployed.py quantize ARCHITECTURE FOLDER IMAGES   the graphs in eight bits, by NNCF, for OpenVINO
    deployed.py openvino-int8 ARCHITECTURE FOLDER     as `openvino`, with those

The graph holds what a score map needs and no more: the backbone ends at stride 16, norms are folded, and
the position encodings' part of each subnet is a constant table. Two threads. One JSON object a line.
"""

import sys
from pathlib import Path

import numpy

SIZE, CONDITION, BLOCKS, BATCHES = 256, 128, 8, (1, 8)


def network(architecture, weights):
    """The whole graph as a module, from images to score maps."""
    import torch
    from pytorch import backbone, positions
    from torch import nn

    class Coupling(nn.Module):
        def __init__(self, dimension, side):
            super().__init__()
            self.kept = (dimension + 1) // 2
            changed = dimension - self.kept
            hidden = 2 * (self.kept + CONDITION)
            self.first = nn.Linear(self.kept, hidden, bias=False)
            condition = nn.Linear(CONDITION, hidden)
            self.register_buffer("table", condition(positions(side)).detach())
            self.second = nn.Linear(hidden, 2 * changed)
            rotation = torch.linalg.qr(torch.randn(dimension, dimension))[0]
            self.register_buffer("rotation", rotation)
            self.register_buffer("offset", torch.zeros(dimension))

        def forward(self, x):
            kept, rest = x.split([self.kept, x.shape[-1] - self.kept], -1)
            scale, shift = (0.1 * self.second(torch.relu(self.first(kept) + self.table))).chunk(2, -1)
            scale = 1.9 * torch.tanh(scale)
            x = torch.cat([kept, rest * scale.exp() + shift], -1)
            # The global scale is folded into the rotation.
            return x @ self.rotation + self.offset, scale.sum(-1)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = backbone(architecture, weights)
            info = self.backbone.feature_info
            del self.backbone.blocks[max(int(name.split(".")[1]) for name in info.module_name()) + 1 :]
            levels = zip(info.channels(), info.reduction())
            self.flows = nn.ModuleList(
                nn.ModuleList(Coupling(channels, SIZE // reduction) for _ in range(BLOCKS))
                for channels, reduction in levels
            )

        def forward(self, images):
            total = 0
            for level, flow in zip(self.backbone(images), self.flows):
                height, width = level.shape[2:]
                z, jacobian = level.flatten(2).transpose(1, 2), 0
                for block in flow:
                    z, of_block = block(z)
                    jacobian = jacobian + of_block
                l = (jacobian - 0.5 * (z * z).sum(-1)) / z.shape[-1]
                l = l.reshape(-1, 1, height, width).exp()
                total = total + nn.functional.interpolate(l, (SIZE, SIZE), mode="bilinear", align_corners=True)
            return total

    torch.manual_seed(0)
    return Network().eval()


def file_of(folder, architecture, batch, kind="onnx"):
    return Path(folder) / f"{architecture}-{batch}.{kind}"


def export(architecture, weights, folder):
    import torch

    graph = network(architecture, weights)
    for batch in BATCHES:
        images = torch.rand(batch, 3, SIZE, SIZE)
        torch.onnx.export(
            graph, (images,), file_of(folder, architecture, batch), opset_version=17, input_names=["images"], dynamo=False
        )


def onnxruntime(file):
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = 2
    session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": images})


def openvino(file):
    import openvino as runtime

    settings = {"INFERENCE_NUM_THREADS": 2, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = runtime.Core().compile_model(file, "CPU", settings).create_infer_request()
    return lambda images: request.infer([images])


def pixels_of(image):
    from PIL import Image

    pixels = numpy.asarray(Image.open(image).convert("RGB").resize((SIZE, SIZE), Image.LANCZOS), numpy.float32)
    pixels = (pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return numpy.ascontiguousarray(pixels.transpose(2, 0, 1), numpy.float32)


def quantize(architecture, folder, images):
    import nncf
    import openvino as runtime

    pixels = [pixels_of(file) for file in sorted(Path(images).iterdir())]
    for batch in BATCHES:
        # Each batch holds one image several times, so that both graphs see the same ranges.
        batches = [numpy.stack([image] * batch) for image in pixels]
        graph = runtime.Core().read_model(file_of(folder, architecture, batch))
        graph = nncf.quantize(graph, nncf.Dataset(batches), subset_size=len(batches))
        runtime.save_model(graph, file_of(folder, architecture, batch, "xml"), compress_to_fp16=False)


def measure(runtime, architecture, folder, kind="onnx"):
    from timing import median_seconds, tell

    result = {}
    for batch, runs in zip(BATCHES, (15, 5)):
        work = runtime(file_of(folder, architecture, batch, kind))
        images = numpy.random.default_rng(0).random((batch, 3, SIZE, SIZE), numpy.float32)
        result[f"batch_{batch}"] = 1e3 * median_seconds(lambda: work(images), runs) / batch
    tell(**result)


def score(runtime, architecture, folder, image):
    maps = runtime(file_of(folder, architecture, 1))(pixels_of(image)[None])[0]
    print(3 - float(numpy.min(maps)))


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "export":
        export(*rest)
    elif command == "quantize":
        quantize(*rest)
    elif command == "openvino-int8":
        measure(openvino, *rest, kind="xml")
    elif command in ("onnxruntime", "openvino"):
        work = measure if len(rest) == 2 else score
        work({"onnxruntime": onnxruntime, "openvino": openvino}[command], *rest)
    else:
        sys.exit(__doc__)
