#!/usr/bin/env bash
# Compares anomalib's PatchCore, PaDiM and SuperSimpleNet with bgad, on the same weights, images and split.
#
#     benches/peers.sh --bgad target/release/bgad --layout mvtec --data FOLDER [OPTIONS] [-- OPTIONS OF bgad train]
#     benches/peers.sh --run RUN [OPTIONS]
#
# The first form trains bgad, then the peers on its split; the second uses the split of an existing run. --help lists
# the options. BGAD_WEIGHTS is the folder of tf_efficientnetv2_b0.safetensors. It needs Python 3.11 or later with venv
# and, for the first run, the package registry.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${WORK:-target/peers}
mkdir -p "$work"
if [ ! -e "$work/ready" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet anomalib==2.7.0 timm==1.0.31 torch==2.15.0 torchvision==0.29.2 \
    numpy==2.4.6 safetensors==0.8.0 scikit-image==0.26.0 scikit-learn==1.9.1 pillow==13.0.0
  touch "$work/ready"
fi
exec "$work/venv/bin/python" benches/peers.py "$@"
