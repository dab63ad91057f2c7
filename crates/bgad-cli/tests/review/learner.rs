//! A script that replaces the learning program.

/// Called like `bgad learn`. It waits while a file `wait` exists beside the run, and at most as long as its
/// parent lives; its new run is a copy of the old one.
pub const LEARNER: &str = r#"#!/bin/sh
parent=$PPID
[ "$1" = learn ] || exit 2
shift
while [ $# -gt 0 ]; do
  case "$1" in
    --run) run=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --missed) taught="$taught$comma$(entry "$2" missed)"; shift 2 ;;
    --false-alarm) taught="$taught$comma$(entry "$2" false_alarm)"; shift 2 ;;
    --mask) cp "$2" "$run/../mask.png"; shift 2 ;;
    --json | --attached) shift ;;
    *) exit 2 ;;
  esac
  [ -n "$taught" ] && comma=,
done
echo '{"progress": 0.25, "doing": "training"}'
while [ -e "$run/../wait" ]; do
  kill -0 "$parent" 2>/dev/null || exit 1
  sleep 0.05
done
if [ -e "$run/../fail" ]; then
  echo "warning: something else" >&2
  echo "error: these features are of another backbone" >&2
  exit 1
fi
mkdir "$out" && cp "$run/run.json" "$run/dataset.json" "$run/model.bgad" "$out"
cat <<END
{"result": {"run": "$out", "model": "$out/model.bgad", "threshold": {"before": 1.5, "after": 1.25}, "promised_rate": {"before": 0.01, "after": null}, "taught": [$taught], "flipped": [], "images": 9, "seconds": 0.5}}
END
"#;

/// The script's text for each taught image.
pub const ENTRY: &str = r#"entry() {
  printf '{"image": "%s", "kind": "%s", "score": {"before": 1, "after": 2}, "abnormal": {"before": false, "after": true}}' "$1" "$2"
}
"#;
