"""The method as a PyTorch user runs it today, for comparison only: timm's features, FrEIA's flows.

    pytorch.py weights ARCHITECTURE FILE                random weights, for both sides
    pytorch.py predict ARCHITECTURE WEIGHTS             milliseconds an image, at batch 1 and 8
    pytorch.py step DIMENSION                           milliseconds of an optimizer step on 4096 rows
    pytorch.py train ARCHITECTURE WEIGHTS FOLDER META SUB
                                                        a whole BGAD-FAS training of a folder in the
                                                        layout of MVTec AD: meta-epochs, sub-epochs

One JSON object a line. Every cost of the ordinary pipeline is left in: the backbone runs for each
batch of each sub-epoch, all of timm's stages are computed, memory is the C library's.
"""

import math
import random
import sys
from pathlib import Path

import FrEIA.framework as framework
import FrEIA.modules as modules
import numpy
import timm
import torch
import torch.nn.functional as functional
from PIL import Image, ImageEnhance, ImageOps
from timing import median_seconds, tell

SIZE, CONDITION, MINI_BATCH, BATCH = 256, 128, 4096, 32
torch.set_num_threads(2)


def subnet(inputs, outputs):
    hidden = 2 * inputs
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs)
    )


def flow(dimension):
    chain = framework.SequenceINN(dimension)
    for _ in range(8):
        chain.append(
            modules.AllInOneBlock,
            cond=0,
            cond_shape=(CONDITION,),
            subnet_constructor=subnet,
            affine_clamping=1.9,
            global_affine_type="SOFTPLUS",
            permute_soft=True,
        )
    return chain


def positions(side):
    """[side * side, 128]: sines and cosines of the column, then of the row."""
    half = CONDITION // 2
    rates = torch.exp(torch.arange(0, half, 2) * (-math.log(1e4) / half))
    angles = torch.arange(side)[:, None] * rates
    axis = torch.stack([angles.sin(), angles.cos()], -1).flatten(1)
    return torch.cat([axis.repeat(side, 1), axis.repeat_interleave(side, 0)], 1)


def log_likelihoods(chain, rows, conditions):
    """log p / d of each row."""
    z, jacobian = chain(rows, [conditions])
    d = rows.shape[1]
    return (jacobian - 0.5 * (z**2).sum(1) - 0.5 * d * math.log(2 * math.pi)) / d


def backbone(architecture, weights=None):
    network = timm.create_model(architecture, features_only=True, out_indices=[1, 2, 3], pretrained=False)
    if weights:
        from safetensors.torch import load_file

        network.load_state_dict(load_file(weights), strict=False)
    return network.eval()


def rows_of(level):
    return level.permute(0, 2, 3, 1).reshape(-1, level.shape[1])


def score(encoder, chains, images):
    """Score maps: likelihoods upsampled and summed."""
    total = 0
    for chain, level in zip(chains, encoder(images)):
        b, _, h, w = level.shape
        l = log_likelihoods(chain, rows_of(level), positions(h).repeat(b, 1)).reshape(b, 1, h, w)
        total = total + functional.interpolate(l.exp(), size=(SIZE, SIZE), mode="bilinear", align_corners=True)
    return total.max() - total[:, 0]


def predict(architecture, weights):
    encoder = backbone(architecture, weights)
    chains = [flow(d) for d in encoder.feature_info.channels()]
    result = {}
    with torch.inference_mode():
        for batch, runs in ((1, 15), (8, 5)):
            images = torch.randn(batch, 3, SIZE, SIZE)
            seconds = median_seconds(lambda: score(encoder, chains, images), runs)
            result[f"batch_{batch}"] = 1e3 * seconds / batch
    tell(**result)


def step(dimension):
    chain = flow(dimension)
    rows, conditions = torch.randn(MINI_BATCH, dimension), torch.randn(MINI_BATCH, CONDITION)
    optimizer = torch.optim.Adam(chain.parameters(), lr=2e-4)

    def one():
        loss = -functional.logsigmoid(log_likelihoods(chain, rows, conditions)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    tell(step=1e3 * median_seconds(one, 15))


class Folder:
    """Images of `train/good`, and five abnormal ones of `test` with their masks."""

    def __init__(self, root):
        root = Path(root)
        self.normal = sorted((root / "train" / "good").iterdir())
        types = sorted(t for t in (root / "test").iterdir() if t.name != "good")
        self.abnormal = [sorted(types[i % len(types)].iterdir())[i // len(types)] for i in range(5)]
        self.root = root

    def image(self, path):
        return Image.open(path).convert("RGB")

    def mask(self, path):
        masks = self.root / "ground_truth" / path.parent.name
        return Image.open(masks / f"{path.stem}_mask.png").convert("L")

    def tensors(self, image, mask=None):
        mean, deviation = [torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
        pixels = numpy.array(image.resize((SIZE, SIZE), Image.LANCZOS))
        x = (torch.from_numpy(pixels).permute(2, 0, 1) / 255 - mean) / deviation
        if mask is None:
            return x, torch.zeros(SIZE, SIZE)
        return x, torch.from_numpy(numpy.array(mask.resize((SIZE, SIZE), Image.NEAREST)) > 127).float()

    def paste(self, path):
        """An augmented defect on a normal image."""
        image, mask = self.image(path), self.mask(path)
        tone = [
            ImageOps.autocontrast,
            ImageOps.equalize,
            lambda i: ImageOps.posterize(i, random.randint(4, 8)),
            lambda i: ImageOps.solarize(i, random.randint(128, 255)),
            lambda i: ImageEnhance.Brightness(i).enhance(random.uniform(0.5, 1.5)),
            lambda i: ImageEnhance.Sharpness(i).enhance(random.uniform(0.1, 1.9)),
        ]
        for change in random.sample(tone, 2):
            image = change(image)
        angle = random.uniform(-45, 45)
        image, mask = image.rotate(angle), mask.rotate(angle)
        target = numpy.array(self.image(random.choice(self.normal)).resize(image.size))
        marked = numpy.array(mask) > 127
        pasted = numpy.zeros(marked.shape, numpy.uint8)
        ys, xs = marked.nonzero()
        if len(ys):
            dy = random.randint(-ys.min(), marked.shape[0] - 1 - ys.max())
            dx = random.randint(-xs.min(), marked.shape[1] - 1 - xs.max())
            target[ys + dy, xs + dx] = numpy.array(image)[ys, xs]
            pasted[ys + dy, xs + dx] = 255
        return self.tensors(Image.fromarray(target), Image.fromarray(pasted))

    def epoch(self, mixed):
        items = [(lambda p=p: self.tensors(self.image(p))) for p in self.normal]
        for p in self.abnormal * 5 if mixed else []:
            items.append(lambda p=p: self.tensors(self.image(p), self.mask(p)))
            items.append(lambda p=p: self.paste(p))
        random.shuffle(items)
        for first in range(0, len(items) - BATCH + 1, BATCH):
            images, masks = zip(*(item() for item in items[first : first + BATCH]))
            yield torch.stack(images), torch.stack(masks)


def loss_of(l, abnormal, first):
    """Maximum likelihood and, after the first meta-epoch, BG-SPP."""
    normal = l[~abnormal]
    loss = -functional.logsigmoid(normal).mean()
    if first or not abnormal.any():
        return loss
    boundary = normal.detach().sort().values[int(0.05 * len(normal))] / 10
    below = normal[normal / 10 <= boundary] / 10
    loss = loss + (boundary - below).mean()
    above = l[abnormal] / 10
    above = above[above >= boundary - 0.1]
    return loss + (above - (boundary - 0.1)).mean() if len(above) else loss


def train(architecture, weights, root, meta_epochs, sub_epochs):
    folder, encoder = Folder(root), backbone(architecture, weights)
    chains = [flow(d) for d in encoder.feature_info.channels()]
    optimizer = torch.optim.Adam([p for chain in chains for p in chain.parameters() if p.requires_grad], lr=2e-4)
    for meta_epoch in range(meta_epochs):
        for _ in range(sub_epochs):
            for images, masks in folder.epoch(meta_epoch > 0):
                with torch.no_grad():
                    levels = encoder(images)
                for chain, level in zip(chains, levels):
                    b, _, h, w = level.shape
                    rows, conditions = rows_of(level), positions(h).repeat(b, 1)
                    abnormal = functional.interpolate(masks[:, None], size=(h, w)).reshape(-1) > 0
                    order = torch.randperm(len(rows))
                    for first in range(0, len(rows) - MINI_BATCH + 1, MINI_BATCH):
                        chosen = order[first : first + MINI_BATCH]
                        l = log_likelihoods(chain, rows[chosen], conditions[chosen])
                        loss = loss_of(l, abnormal[chosen], meta_epoch == 0)
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
    tell(loss=float(loss))


def weights(architecture, file):
    from safetensors.torch import save_file

    torch.manual_seed(0)
    network = timm.create_model(architecture, pretrained=False)
    save_file({k: v.contiguous() for k, v in network.state_dict().items() if v.dim()}, file)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "weights":
        weights(*rest)
    elif command == "predict":
        predict(*rest)
    elif command == "step":
        step(int(rest[0]))
    elif command == "train":
        train(rest[0], rest[1], rest[2], int(rest[3]), int(rest[4]))
    else:
        sys.exit(__doc__)
