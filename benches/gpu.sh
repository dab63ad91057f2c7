#!/usr/bin/env bash
# The consistency test, a short training and predictions on devices, and one table:
#
#     benches/gpu.sh vulkan            a GPU through Vulkan
#     benches/gpu.sh cuda:0 flex       an NVIDIA GPU, and the CPU beside it
#
# Time, memory and quality are of the synthetic set, which needs no download. The variables of
# benches/devices.rs make the run smaller or larger; BGAD_PROFILE=dev builds without optimisation of our
# own crates.
set -euo pipefail
cd "$(dirname "$0")/.."

devices=("${@:-vulkan}")
profile=${BGAD_PROFILE:-release}
features=$(printf '%s\n' "${devices[@]}" | sed 's#:.*##; s#^#bgad/#' | grep -vx bgad/flex | sort -u | paste -sd, || true)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

echo "== building (features: ${features:-none})"
build=(cargo test --workspace --profile "$profile" --features "$features" --no-run --message-format json)
"${build[@]}" --test consistency --bench devices > "$out/build.jsonl"
executable() {
  python3 - "$out/build.jsonl" "$1" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == sys.argv[2]:
        print(message["executable"])
PY
}
consistency=$(executable consistency)
bench=$(executable devices)

# The largest figure that nvidia-smi gives for the process, in MiB, once it has ended.
watch_gpu() {
  local largest="" used
  while kill -0 "$1" 2>/dev/null; do
    used=$(nvidia-smi --query-compute-apps=pid,used_memory --format=csv,noheader,nounits |
      awk -F', *' -v pid="$1" '$1 == pid { print $2; exit }')
    if [ -n "$used" ] && [ "$used" -gt "${largest:-0}" ]; then largest=$used; fi
    sleep 0.2
  done
  echo "$largest" > "$2"
}

for device in "${devices[@]}"; do
  name=${device//:/-}
  echo "== $device: consistency with the CPU"
  (cd crates/bgad && BGAD_DEVICES=$device "$consistency" --test-threads 1)
  for precision in $(echo "${BGAD_PRECISIONS:-f32,f16,bf16}" | tr , ' '); do
    echo "== $device, features in $precision: training and predictions"
    row=$out/$name-$precision
    BGAD_DEVICE=$device BGAD_PRECISIONS=$precision "$bench" > "$row.json" &
    pid=$!
    watcher=
    if command -v nvidia-smi >/dev/null; then watch_gpu $pid "$row.gpu" & watcher=$!; fi
    # What the process itself takes: its peak is read while it runs.
    while kill -0 $pid 2>/dev/null; do
      awk '/VmHWM/ { print $2 }' "/proc/$pid/status" > "$row.now" 2>/dev/null || true
      if [ -s "$row.now" ]; then mv "$row.now" "$row.rss"; fi
      sleep 0.2
    done
    wait $pid
    if [ -n "$watcher" ]; then wait $watcher; fi
  done
done

python3 - "$out" <<'PY'
import json, pathlib, sys
rows = [("device", "features", "training s", "features s", "flows s", "first image s", "ms/image",
         "first batch s", "ms/image in a batch", "memory MiB", "GPU MiB", "image AUROC", "pixel AUROC",
         "AUPRO")]
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    text = lambda suffix: (path.with_suffix(suffix).read_text().strip()
                           if path.with_suffix(suffix).exists() else "")
    rss, gpu = text(".rss"), text(".gpu")
    for line in path.read_text().splitlines():
        if not line.startswith("{"):
            continue
        row = json.loads(line)
        if "error" in row:
            rows.append((row["device"], row["precision"]) + ("-",) * 12)
            continue
        figure = lambda key: "-" if row[key] is None else f"{row[key]:.4f}"
        seconds = row["seconds"]
        rows.append((row["device"], row["precision"], f'{seconds["total"]:.1f}',
                     f'{seconds["features"]:.1f}', f'{seconds["flow"]:.1f}',
                     f'{row["first_prediction_seconds"]:.1f}', f'{row["milliseconds_per_image"]:.1f}',
                     f'{row["first_batch_seconds"]:.1f}',
                     f'{row["milliseconds_per_image_in_a_batch"]:.1f}',
                     str(int(rss) // 1024) if rss else "-", gpu or "-",
                     figure("image_auroc"), figure("pixel_auroc"), figure("aupro")))
widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
for number, row in enumerate(rows):
    print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
    if number == 0:
        print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
PY
