#!/usr/bin/env bash
# Compares this library with ONNX Runtime and OpenVINO, and with PyTorch, on this machine. Prints tables of
# medians, ratios and peak memory.
#
#     benches/compare.sh [ROUNDS]
#
# It needs Python 3 with venv and, for the first run, the package registry. TRAIN=FOLDER, in MVTec AD's layout
# with at least five abnormal images and their masks, adds a training run of 2 meta-epochs; SUB_EPOCHS (default
# 8) shortens it. PARTS=deployed, eight-bits, throughput or pytorch runs only one comparison. `throughput` draws
# 1000 photographs once, or uses those in PHOTOGRAPHS=FOLDER; it includes anomalib if `peers.sh` has prepared it
# and its environment has onnx and openvino. Everything else uses random weights.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${WORK:-target/compare}
mkdir -p "$work"
if ! "$work/venv/bin/python" -c "import onnxruntime, openvino, nncf, FrEIA" 2>/dev/null; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet torch torchvision timm FrEIA safetensors pillow onnx onnxruntime openvino nncf
fi
cargo build --release --workspace --bin bgad --example measure --example step_time
"$work/venv/bin/python" benches/compare.py "$work" "${1:-5}"
