#!/usr/bin/env bash
# Sets this library beside ONNX Runtime and OpenVINO, and beside PyTorch, on this machine: tables of
# medians, ratios and peak memory.
#
#     benches/compare.sh [ROUNDS]
#
# Needs Python 3 with venv, and the package registry for the first run. TRAIN=FOLDER, in the layout of
# MVTec AD with at least five abnormal images and their masks, adds a whole training run of 2
# meta-epochs; SUB_EPOCHS, 8 where it is not set, shortens it. PARTS=deployed, PARTS=throughput or
# PARTS=pytorch runs one comparison alone; `throughput` draws 1000 photographs once, or takes those of
# PHOTOGRAPHS=FOLDER, and has rows of anomalib where `peers.sh` has prepared it and its environment has
# onnx and openvino. Everything else comes from random weights.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${WORK:-target/compare}
mkdir -p "$work"
if ! "$work/venv/bin/python" -c "import onnxruntime, openvino, FrEIA" 2>/dev/null; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet torch torchvision timm FrEIA safetensors pillow onnx onnxruntime openvino
fi
cargo build --release --workspace --bin bgad --example measure --example step_time
"$work/venv/bin/python" benches/compare.py "$work" "${1:-5}"
