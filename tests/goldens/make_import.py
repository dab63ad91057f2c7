"""Makes import_program.pt, a checkpoint as the authors' program writes it, with flows for the filter
bank's three levels, and import_flows.safetensors: vectors at positions of an 8x8 map and their
per-dimension log-likelihoods.

    pip install torch FrEIA==0.2 safetensors && python make_import.py [FOLDER]
"""
import math, sys
import FrEIA.framework as framework
import FrEIA.modules as modules
import numpy
import torch
from safetensors.torch import save_file

CHANNELS, CONDITION, BLOCKS, ROWS, SIDE = 37, 8, 2, 6, 8


def subnet(inputs, outputs):
    linear = torch.nn.Linear
    return torch.nn.Sequential(linear(inputs, 2 * inputs), torch.nn.ReLU(), linear(2 * inputs, outputs))


def encoding(dimension, column, row):
    """The program's positional encoding: columns in the first half, rows in the second."""
    half = dimension // 2
    rates = [math.exp(-math.log(1e4) * i / half) for i in range(0, half, 2)]
    waves = [f(place * rate) for place in (column, row) for rate in rates for f in (math.sin, math.cos)]
    return torch.tensor(waves)


def main(folder):
    torch.manual_seed(3)
    numpy.random.seed(3)  # FrEIA draws its rotations with scipy
    states, out = [], {}
    for level in range(3):
        flow = framework.SequenceINN(CHANNELS)
        for _ in range(BLOCKS):
            flow.append(modules.AllInOneBlock, cond=0, cond_shape=(CONDITION,), subnet_constructor=subnet,
                        affine_clamping=1.9, global_affine_type="SOFTPLUS", permute_soft=True)
        with torch.no_grad():  # away from the identity, so that every parameter matters
            for name, value in flow.named_parameters():
                if "w_perm" not in name:
                    value += 0.1 * torch.randn_like(value)
        x = torch.randn(ROWS, CHANNELS)
        places = torch.randint(0, SIDE, (ROWS, 2))
        condition = torch.stack([encoding(CONDITION, c, r) for c, r in places.tolist()])
        z, log_det = flow(x, [condition])
        log_p = -CHANNELS / 2 * math.log(2 * math.pi) - 0.5 * (z**2).sum(1) + log_det
        places = (places[:, 1] * SIDE + places[:, 0]).float()
        out |= {f"{level}.x": x, f"{level}.places": places, f"{level}.l": (log_p / CHANNELS).detach()}
        states.append(flow.state_dict())
    encoder = {"conv_stem.weight": torch.zeros(1)}
    torch.save(dict(encoder_state_dict=encoder, decoder_state_dict=states), f"{folder}/import_program.pt")
    save_file(out, f"{folder}/import_flows.safetensors", dict(made_by="make_import.py, FrEIA 0.2"))


main(sys.argv[1] if len(sys.argv) > 1 else ".")
