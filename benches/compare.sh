#!/usr/bin/env bash
# Sets this library beside ONNX Runtime and OpenVINO, and beside PyTorch, on this machine: tables of
# medians, ratios and peak memory.
#
#     benches/compare.sh [ROUNDS]
#
# Needs Python 3 with venv, and the package registry for the first run. TRAIN=FOLDER, in the layout of
# MVTec AD with at least five abnormal images and their masks, adds a whole training run of 2
# meta-epochs; SUB_EPOCHS, 8 where it is not set, shortens it. PARTS=deployed or PARTS=pytorch runs one
# comparison alone. Everything else comes from random weights.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${WORK:-target/compare}
mkdir -p "$work"
if [ ! -x "$work/venv/bin/python" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet torch torchvision timm FrEIA safetensors pillow onnx onnxruntime openvino
fi
cargo build --release --workspace --bin bgad --example measure --example step_time
"$work/venv/bin/python" benches/compare.py "$work" "${1:-5}"
