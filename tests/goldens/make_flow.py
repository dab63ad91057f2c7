"""Makes flow_*.safetensors: a FrEIA 0.2 flow's parameters (copied before training, which changes
them in place), what it computes, its gradients, and its parameters after three steps of Adam.

    pip install torch FrEIA==0.2 safetensors && python make_flow.py [FOLDER]
"""
import os, sys
import FrEIA.framework as framework
import FrEIA.modules as modules
import numpy
import torch
from safetensors.torch import save_file

LN_2PI = 1.8378770664093453


def subnet(inputs, outputs):
    linear = torch.nn.Linear
    return torch.nn.Sequential(linear(inputs, 2 * inputs), torch.nn.ReLU(), linear(2 * inputs, outputs))


def make(folder, name, dim, cond, blocks, seed, rows=48):
    torch.manual_seed(seed)
    numpy.random.seed(seed)  # FrEIA draws its rotations with scipy
    flow = framework.SequenceINN(dim)
    condition = dict(cond=0, cond_shape=(cond,)) if cond else {}
    for _ in range(blocks):
        flow.append(modules.AllInOneBlock, subnet_constructor=subnet, affine_clamping=1.9,
                    global_affine_type="SOFTPLUS", permute_soft=True, **condition)
    with torch.no_grad():  # away from the identity, so that every parameter matters
        for key, value in flow.named_parameters():
            if "w_perm" not in key:
                value += 0.1 * torch.randn_like(value)
    x = torch.randn(rows, dim, requires_grad=True)
    c = [torch.randn(rows, cond)] if cond else []

    def loss_of(x):
        z, log_det = flow(x, c)
        log_p = -dim / 2 * LN_2PI - 0.5 * (z**2).sum(1) + log_det
        return z, log_det, log_p, -torch.nn.functional.logsigmoid(log_p / dim).mean()

    copy = lambda prefix: {prefix + k: v.detach().clone() for k, v in flow.named_parameters()}
    out = copy("param.")
    z, log_det, log_p, loss = loss_of(x)
    loss.backward()
    out |= dict(x=x, z=z, log_det=log_det, log_p=log_p, loss=loss.reshape(1), grad_x=x.grad)
    if cond:
        out["cond"] = c[0]
    trained = {k: v for k, v in flow.named_parameters() if v.requires_grad}
    out |= {"grad." + k: v.grad.clone() for k, v in trained.items()}
    adam, losses = torch.optim.Adam(trained.values(), lr=2e-4), []
    for _ in range(3):
        loss = loss_of(x.detach())[3]
        losses.append(loss.item())
        adam.zero_grad()
        loss.backward()
        adam.step()
    out["adam_losses"] = torch.tensor(losses)
    out |= {k: v for k, v in copy("after_adam.").items() if "w_perm" not in k}
    metadata = dict(dim=str(dim), cond=str(cond), blocks=str(blocks), clamp="1.9",
                    loss="mean(-logsigmoid(log_p / dim))", made_by="make_flow.py, FrEIA 0.2")
    out = {k: v.detach().clone().contiguous() for k, v in out.items()}
    save_file(out, os.path.join(folder, name + ".safetensors"), metadata)


if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    make(folder, "flow_cond_20", 20, 32, 8, seed=1)
    make(folder, "flow_cond_9_odd", 9, 12, 3, seed=2)
    make(folder, "flow_uncond_16", 16, 0, 4, seed=3)
