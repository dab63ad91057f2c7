//! `bgad review` is started, killed at any time and started again, with a script that replaces the learning
//! program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Detector, Device, Layout};
use serde_json::{Value, json};

use crate::client::{Client, id, row};

/// Called like `bgad learn`. It waits while a file `wait` exists beside the run, and at most as long as its
/// parent lives; its new run is a copy of the old one.
const LEARNER: &str = r#"#!/bin/sh
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
const ENTRY: &str = r#"entry() {
  printf '{"image": "%s", "kind": "%s", "score": {"before": 1, "after": 2}, "abnormal": {"before": false, "after": true}}' "$1" "$2"
}
"#;

struct Case {
    folder: tempfile::TempDir,
}

/// A running page.
struct Page {
    child: Child,
    client: Client,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let case = Self { folder };
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 6,
            test_images: 3,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        synthetic::write(&case.path("parts"), &parts).unwrap();
        case.train("run");
        std::fs::create_dir(case.path("new")).unwrap();
        let learner = LEARNER.replacen('\n', &format!("\n{ENTRY}"), 1);
        std::fs::write(case.path("learner"), learner).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(case.path("learner"), executable).unwrap();
        case
    }

    fn train(&self, run: &str) {
        let train = Command::new(env!("CARGO_BIN_EXE_bgad"))
            .args([
                "train",
                "--layout",
                "mvtec",
                "--image-size",
                "32",
                "--meta-epochs",
                "1",
            ])
            .args([
                "--set",
                "pooled.folds=0",
                "--set",
                "schedule.evaluate=never",
                "--data",
            ])
            .arg(self.path("parts"))
            .arg("--out")
            .arg(self.path(run))
            .output()
            .unwrap();
        assert!(train.status.success(), "{}", message(&train));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn review(&self, model: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command
            .arg("review")
            .arg(self.path(model))
            .arg(self.path("new"))
            .args(["--port", "0", "--no-open", "--learner"])
            .arg(self.path("learner"));
        command
    }

    fn start(&self) -> Page {
        self.open(self.review("run"))
    }

    fn open(&self, mut command: Command) -> Page {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap();
        let address = address.strip_suffix('/').unwrap().parse().unwrap();
        Page {
            child,
            client: Client(address),
        }
    }

    fn images(&self) -> usize {
        let dataset = Layout::Mvtec.read(&self.path("parts"), None).unwrap();
        dataset.test.len()
    }

    fn wait(&self, is_waiting: bool) {
        match is_waiting {
            true => std::fs::write(self.path("wait"), "").unwrap(),
            false => std::fs::remove_file(self.path("wait")).unwrap(),
        }
    }
}

impl Page {
    /// Kills it without warning.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A mask that marks the whole photograph of a part.
fn white() -> Value {
    rows(64)
}

/// A mask that marks its upper rows.
fn rows(rows: u32) -> Value {
    use std::io::Cursor;
    let level = |row: u32| image::Luma([if row < rows { 255 } else { 0 }]);
    let mask = image::GrayImage::from_fn(64, 64, |_, row| level(row));
    let mut bytes = Cursor::new(Vec::new());
    mask.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    json!({ "png": base64(&bytes.into_inner()) })
}

/// Written here, because the program needs no such function.
fn base64(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            match place <= three.len() {
                true => text.push(char::from(
                    letters[(bits >> (18 - 6 * place)) as usize & 63],
                )),
                false => text.push('='),
            }
        }
    }
    text
}

fn by_group(state: &Value, group: &str) -> Value {
    let images = state["images"].as_array().unwrap();
    let found = images.iter().find(|image| image["group"] == group);
    found
        .unwrap_or_else(|| panic!("no {group} in {state:#}"))
        .clone()
}

#[test]
fn a_run_is_shown_with_the_scores_of_its_model() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let detector = Detector::load(&case.path("run/model.bgad"), &Device::flex()).unwrap();
    let scratch = by_group(&state, "scratch");
    assert_eq!(scratch["known"]["verdict"], "defect");
    let path = case.path("parts/test/scratch/000.png");
    let expected = detector.predict_file(&path).unwrap();
    let score = scratch["score"].as_f64().unwrap() as f32;
    assert_eq!(score.to_bits(), expected.score.to_bits());
    let detail = page
        .client
        .get(&format!("/api/images/{}", scratch["id"].as_str().unwrap()))
        .json();
    let regions = detail["regions"].as_array().unwrap();
    assert_eq!(regions.len(), expected.regions.len());
    let model = page.client.get("/api/export/model").body;
    assert_eq!(model, std::fs::read(case.path("run/model.bgad")).unwrap());

    // With another threshold, the exported model uses it.
    let body = json!({ "threshold": -7.5, "seen": state["state"]["threshold"] });
    assert_eq!(page.client.send("PUT", "/api/threshold", &body).status, 200);
    std::fs::write(
        case.path("other.bgad"),
        page.client.get("/api/export/model").body,
    )
    .unwrap();
    let other = Detector::load(&case.path("other.bgad"), &Device::flex()).unwrap();
    assert_eq!(other.description().threshold, -7.5);
    assert_eq!(other.predict_file(&path).unwrap().score, expected.score);

    #[cfg(feature = "report")]
    {
        let report = page.client.get("/api/export/report");
        assert_eq!(report.status, 200, "{}", report.text());
        assert!(report.text().starts_with("<!") || report.text().contains("<html"));
    }

    // It ends as a service does, on a signal.
    let mut page = page;
    let told = Command::new("kill")
        .arg(page.child.id().to_string())
        .status()
        .unwrap();
    assert!(told.success());
    assert!(page.child.wait().unwrap().success());
}

#[test]
fn a_run_of_too_few_images_has_no_threshold() {
    let case = Case::new();
    let normal = case.path("parts/train/good");
    let mut images: Vec<_> = std::fs::read_dir(normal).unwrap().collect();
    for image in images.drain(3..) {
        std::fs::remove_file(image.unwrap().path()).unwrap();
    }
    case.train("few");
    let page = case.open(case.review("few"));
    let state = page.client.scored(case.images());
    assert_eq!(state["state"]["threshold"], Value::Null);
    assert_eq!(state["state"]["model"]["has_map_threshold"], false);
    assert!(!state.to_string().contains("e38") && !state.to_string().contains("e+38"));
    let scratch = by_group(&state, "scratch");
    let scratch = scratch["id"].as_str().unwrap();
    // Its map shows where the score is highest, and that nothing is above a threshold.
    let map = page.client.get(&format!("/api/images/{scratch}/map")).body;
    let map = image::load_from_memory(&map).unwrap().to_luma8();
    let highest = map.pixels().map(|pixel| pixel.0[0]).max();
    assert!(highest > Some(100) && highest < Some(171), "{highest:?}");
    let table = page.client.get("/api/export/scores.csv").text();
    assert!(
        table.lines().skip(1).all(|line| line.contains(",,,")),
        "{table}"
    );
    #[cfg(feature = "report")]
    {
        let report = page.client.get("/api/export/report").text();
        assert!(report.contains("no threshold") && !report.contains(">missed<"));
    }
    // The exported model has the one that is set.
    let body = json!({ "threshold": 1.5, "seen": null });
    assert_eq!(page.client.send("PUT", "/api/threshold", &body).status, 200);
    let exported = case.path("exported.bgad");
    std::fs::write(&exported, page.client.get("/api/export/model").body).unwrap();
    let detector = Detector::load(&exported, &Device::flex()).unwrap();
    assert_eq!(detector.description().chosen_threshold(), Some(1.5));
}

#[test]
fn a_kill_between_two_decisions_loses_neither() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let scratch = by_group(&state, "scratch")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let normal = by_group(&state, "normal")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let stored = page.client.decide(&scratch, Some("defect"), &white(), 0);
    assert_eq!(stored.status, 200, "{}", stored.text());
    page.kill();

    let page = case.start();
    let state = page.client.scored(case.images());
    let decided = by_group(&state, "scratch");
    assert_eq!(
        decided["decision"],
        json!({ "verdict": "defect", "kind": "", "mask": true })
    );
    let mask = page.client.get(&format!("/api/images/{scratch}/mask")).body;
    let mask = image::load_from_memory(&mask).unwrap().to_luma8();
    assert!(mask.dimensions() == (64, 64) && mask.pixels().all(|p| p.0[0] == 255));
    page.client.decide(&normal, Some("good"), &json!("keep"), 0);
    let mut images = state["images"].as_array().unwrap().iter();
    let other = images.find(|image| image["group"] == "normal" && image["id"] != normal.as_str());
    let other = other.unwrap()["id"].as_str().unwrap();
    page.client.decide(other, Some("good"), &json!("keep"), 0);
    page.kill();

    let dataset = Layout::Manifest
        .read(&case.path("run/review"), None)
        .unwrap();
    let mut samples = dataset.train.iter().chain(&dataset.test);
    assert_eq!(samples.clone().count(), 3);
    let abnormal = samples.find(|sample| sample.label.is_abnormal()).unwrap();
    assert!(abnormal.load_mask().unwrap().is_some());
    let page = case.start();
    let state = page.client.scored(case.images());
    let decisions = state["images"].as_array().unwrap().iter();
    assert_eq!(
        decisions
            .filter(|image| image["decision"].is_object())
            .count(),
        3
    );
}

/// How many rows the stored mask marks; it is none of ours if they are not the upper ones.
fn marked(page: &Page, id: &str) -> u32 {
    let mask = page.client.get(&format!("/api/images/{id}/mask")).body;
    let mask = image::load_from_memory(&mask).unwrap().to_luma8();
    let white = mask
        .rows()
        .map(|mut row| row.all(|pixel| pixel.0[0] == 255));
    let white = white.take_while(|white| *white).count() as u32;
    let black = mask.rows().skip(white as usize).flatten();
    assert!(black.into_iter().all(|pixel| pixel.0[0] == 0) && mask.dimensions() == (64, 64));
    white
}

#[test]
fn a_kill_while_a_mask_is_stored_leaves_the_earlier_one_or_the_new_one() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let id = by_group(&state, "scratch")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let stored = page.client.decide(&id, Some("defect"), &rows(9), 0).json();
    // Half of a request arrives.
    let body = json!({ "verdict": "defect", "mask": rows(8), "revision": stored["revision"] });
    let (path, body) = (format!("/api/images/{id}/decision"), body.to_string());
    let mut half = page.client.begin("PUT", &path, &[], body.len()).unwrap();
    half.write_all(&body.as_bytes()[..body.len() / 2]).unwrap();
    page.kill();

    // Masks are stored one after the other until the kill.
    let mut known = 9;
    for round in 0..5 {
        let page = case.start();
        let state = page.client.scored(case.images());
        let found = by_group(&state, "scratch");
        assert_eq!(marked(&page, &id), known);
        let mut revision = found["revision"].as_u64().unwrap();
        let (client, begun) = (page.client, id.clone());
        let painting = std::thread::spawn(move || {
            let (mut confirmed, mut sent) = (known, known);
            for _ in 0..10_000 {
                sent = sent % 60 + 1;
                let answer = client.decide_once(&begun, Some("defect"), &rows(sent), revision);
                let Some(answer) = answer else { break };
                assert_eq!(answer.status, 200, "{}", answer.text());
                revision = answer.json()["revision"].as_u64().unwrap();
                confirmed = sent;
            }
            (confirmed, sent)
        });
        std::thread::sleep(std::time::Duration::from_millis(30 + 7 * round));
        page.kill();
        let (confirmed, sent) = painting.join().unwrap();

        let page = case.start();
        page.client.scored(case.images());
        known = marked(&page, &id);
        assert!(
            [confirmed, sent].contains(&known),
            "{confirmed} {sent} {known}"
        );
        let masks = std::fs::read_dir(case.path("run/review/masks")).unwrap();
        let unfinished = masks.filter(|file| {
            let name = file.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with('.')
        });
        assert_eq!(unfinished.count(), 0);
        page.kill();
    }
}

#[test]
fn a_kill_while_learning_loses_nothing_and_learning_can_restart() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let scratch = by_group(&state, "scratch")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    page.client.decide(&scratch, Some("defect"), &white(), 0);
    case.wait(true);
    let lesson = json!({ "missed": [scratch] });
    assert_eq!(page.client.send("POST", "/api/lesson", &lesson).status, 200);
    page.client
        .when(|state| state["state"]["learning"]["doing"] == "training");
    page.kill();

    let page = case.start();
    let state = page.client.scored(case.images());
    assert!(state["state"]["learning"].is_null());
    let failure = state["state"]["failure"].as_str().unwrap();
    assert!(failure.contains("interrupted"), "{failure}");
    assert_eq!(by_group(&state, "scratch")["decision"]["mask"], true);
    assert!(!case.path("run-taught-1").exists());

    assert_eq!(page.client.send("POST", "/api/lesson", &lesson).status, 200);
    page.client
        .when(|state| state["state"]["learning"]["doing"] == "training");
    case.wait(false);
    let state = page
        .client
        .when(|state| state["state"]["lessons"].as_array().unwrap().len() == 1);
    let lesson = &state["state"]["lessons"][0];
    assert_eq!(lesson["learned"]["taught"][0]["kind"], "missed");
    assert_eq!(lesson["taught_ids"], json!([scratch]));
    let told = image::open(case.path("mask.png")).unwrap().to_luma8();
    assert!(
        told.pixels().all(|p| p.0[0] == 255),
        "the mask that was painted"
    );
    let models = state["state"]["models"].as_array().unwrap();
    assert_eq!(models.len(), 2);
    assert!(models[1]["current"] == true && case.path("run/model.bgad").exists());
    let taught = page.client.scored(case.images());
    assert_eq!(by_group(&taught, "scratch")["taught"], 1);
}

#[test]
fn the_page_shows_the_learning_programs_message() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let normal = by_group(&state, "normal")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    page.client.decide(&normal, Some("good"), &json!("keep"), 0);
    std::fs::write(case.path("fail"), "").unwrap();
    let lesson = json!({ "false_alarms": [normal] });
    page.client.send("POST", "/api/lesson", &lesson);
    let state = page
        .client
        .when(|state| state["state"]["failure"].is_string());
    assert_eq!(
        state["state"]["failure"],
        "these features are of another backbone"
    );

    // It can be stopped.
    case.wait(true);
    page.client.send("POST", "/api/lesson", &lesson);
    page.client
        .when(|state| state["state"]["learning"]["doing"] == "training");
    page.client.send("DELETE", "/api/lesson", &json!({}));
    let state = page
        .client
        .when(|state| state["state"]["learning"].is_null());
    assert!(
        state["state"]["failure"]
            .as_str()
            .unwrap()
            .contains("stopped")
    );
}

#[test]
fn new_images_are_scored() {
    let case = Case::new();
    let page = case.start();
    page.client.scored(case.images());
    let from = case.path("parts/test/scratch/000.png");
    std::fs::copy(from, case.path("new/came.png")).unwrap();
    let state = page.client.scored(case.images() + 1);
    let came = row(&state, "came.png");
    assert_eq!(came["group"], "new");
    assert_eq!(came["score"], by_group(&state, "scratch")["score"]);
    assert_eq!(id(&state, "came.png").len(), 16);
}

#[test]
fn missing_paths_end_it_with_a_message() {
    let case = Case::new();
    let refused = |command: &mut Command, expected: &str| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", message(&output));
        assert!(message(&output).contains(expected), "{}", message(&output));
    };
    refused(&mut case.review("none.bgad"), "no such run or model");
    refused(&mut case.review("parts"), "run.json");
    refused(case.review("run").arg(case.path("nowhere")), "nowhere");
    let page = case.start();
    refused(&mut case.review("run"), "another `bgad review`");
    drop(page);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command
        .arg("review")
        .arg(case.path("run"))
        .args(["--no-open", "--port", &port]);
    refused(&mut command, "--port");
    assert!(!Path::new("run-taught-1").exists());
}
