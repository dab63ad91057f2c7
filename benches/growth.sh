#!/usr/bin/env bash
# How time and memory grow with training images, batch, input and threads, as tables:
#
#     benches/growth.sh [BACKBONE WEIGHTS]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --workspace --example growth
growth=target/release/examples/growth

table() {
  local what=$1 unit=$2
  shift 2
  echo
  echo "| $what | 1 thread, $unit | 2 threads, $unit | peak memory, MiB |"
  echo "|---|---|---|---|"
  for number in $numbers; do
    local one two
    one=$(RAYON_NUM_THREADS=1 "$growth" "$what" "$number" "$@")
    two=$(RAYON_NUM_THREADS=2 "$growth" "$what" "$number" "$@")
    echo "| $number | ${one% *} | ${two% *} | ${two#* } |"
  done
}

numbers="50 200 800 3000" table images ms "$@"
numbers="1 2 4 8 16 32" table batch ms "$@"
numbers="128 256 512 1024" table size ms "$@"
