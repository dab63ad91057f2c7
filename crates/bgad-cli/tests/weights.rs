//! `bgad weights`, and weights by the backbone's name.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Layout, RunDirectory};
use serde_json::Value;

#[cfg(feature = "hub")]
use crate::hub_server::{Fault, Imitation};

const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/goldens/tf_efficientnet_b0_random_weights.safetensors"
);
const NAME: &str = "tf_efficientnet_b0.aa_in1k";

/// The program with a cache in `home` and no hub unless one is named.
fn bgad(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    for name in [
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "XDG_CACHE_HOME",
        "HF_TOKEN",
    ] {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("HF_HOME", home)
        .env("HF_HUB_OFFLINE", "1")
        .env("HF_HUB_DOWNLOAD_TIMEOUT", "2");
    command
}

#[cfg(feature = "hub")]
fn online(home: &Path, imitation: &Imitation, arguments: &[&str]) -> Command {
    let mut command = bgad(home, arguments);
    command
        .env("HF_HUB_OFFLINE", "0")
        .env("HF_ENDPOINT", imitation.hub.url())
        .env("HF_TOKEN", "hf_secret");
    command
}

fn succeeded(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn failed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Puts weights into the cache by hand.
fn place(home: &Path) -> PathBuf {
    let snapshot = home.join(format!("hub/models--timm--{NAME}/snapshots/main"));
    std::fs::create_dir_all(&snapshot).unwrap();
    let path = snapshot.join("model.safetensors");
    std::fs::copy(GOLDEN, &path).unwrap();
    path
}

struct Parts {
    folder: tempfile::TempDir,
}

impl Parts {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 3,
            test_images: 1,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        synthetic::write(&folder.path().join("parts"), &parts).unwrap();
        let settings = "input.image_size = 64\nflow.coupling_blocks = 1\nflow.position_dimension = 16\n\
                        [schedule]\nimage_steps = 1\nmeta_epochs = 1\nsub_epochs = 1\n\
                        evaluate = \"never\"\n";
        std::fs::write(folder.path().join("settings.toml"), settings).unwrap();
        Self { folder }
    }

    fn train(&self, more: &[&str]) -> Vec<String> {
        let path = |name: &str| text(&self.folder.path().join(name)).to_owned();
        let (data, config, out) = (path("parts"), path("settings.toml"), path("run"));
        let arguments = ["train", "--layout", "mvtec", "--no-report", "--data", &data]
            .into_iter()
            .chain(["--config", &config, "--out", &out])
            .chain(["--backbone", "tf_efficientnet_b0"]);
        arguments
            .chain(more.iter().copied())
            .map(str::to_owned)
            .collect()
    }

    fn model(&self) -> PathBuf {
        self.folder.path().join("run/model.bgad")
    }
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn weights_in_the_cache_are_listed_found_and_checked() {
    let home = tempfile::tempdir().unwrap();
    let message = failed(
        &bgad(home.path(), &["weights", "path", NAME])
            .output()
            .unwrap(),
    );
    for part in [
        NAME,
        "bgad weights fetch",
        "snapshots/main/model.safetensors",
        "--weights",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let fetch = ["weights", "fetch", "--offline", "tf_efficientnet_b0"];
    let fetched = bgad(home.path(), &fetch)
        .env_remove("HF_HUB_OFFLINE")
        .output()
        .unwrap();
    assert_eq!(failed(&fetched), message);

    let path = place(home.path());
    for name in [NAME, "tf_efficientnet_b0"] {
        for command in ["path", "fetch"] {
            let output = bgad(home.path(), &["weights", command, name])
                .output()
                .unwrap();
            assert_eq!(succeeded(&output), format!("{}\n", path.display()));
        }
    }
    let list = succeeded(
        &bgad(home.path(), &["weights", "list", "--json"])
            .output()
            .unwrap(),
    );
    let list: Vec<Value> = list
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let here: Vec<&Value> = list.iter().filter(|line| !line["path"].is_null()).collect();
    assert_eq!(here.len(), 1);
    assert_eq!(here[0]["name"], NAME);
    assert_eq!(here[0]["path"], text(&path));
    let list = succeeded(&bgad(home.path(), &["weights", "list"]).output().unwrap());
    assert!(list.contains("* tf_efficientnet_b6.aa_in1k"), "{list}");

    let verify = ["weights", "verify", "--json", text(&path)];
    let found = succeeded(&bgad(home.path(), &verify).output().unwrap());
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        found["backbones"],
        serde_json::json!(["tf_efficientnet_b0"])
    );
    let wrong = [
        "weights",
        "verify",
        "--sha256",
        &"1".repeat(64),
        text(&path),
    ];
    let message = failed(&bgad(home.path(), &wrong).output().unwrap());
    assert!(message.contains("damaged"), "{message}");
    let message = failed(
        &bgad(home.path(), &["weights", "verify", "none"])
            .output()
            .unwrap(),
    );
    assert!(message.contains("none"), "{message}");
    let output = bgad(home.path(), &["weights", "path", "resnet50"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));

    // HF_HUB_CACHE takes precedence over HF_HOME; without either, the cache is in the home folder.
    let list = |command: &mut Command| succeeded(&command.output().unwrap());
    let mut elsewhere = bgad(home.path(), &["weights", "list"]);
    assert!(!list(elsewhere.env("HF_HUB_CACHE", home.path().join("x"))).contains(text(&path)));
    let user = tempfile::tempdir().unwrap();
    let path = place(&user.path().join(".cache/huggingface"));
    let mut at_home = bgad(home.path(), &["weights", "list"]);
    let listed = list(at_home.env_remove("HF_HOME").env("HOME", user.path()));
    assert!(listed.contains(text(&path)), "{listed}");
}

#[test]
fn a_backbone_by_its_name_alone_takes_weights_from_the_cache_or_says_what_to_do() {
    let (home, parts) = (tempfile::tempdir().unwrap(), Parts::new());
    let arguments = parts.train(&["--offline"]);
    let mut train = bgad(home.path(), &words(&arguments));
    let message = failed(&train.env_remove("HF_HUB_OFFLINE").output().unwrap());
    for part in [
        NAME,
        "bgad weights fetch",
        "filter-bank",
        "https://huggingface.co/timm/",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let arguments = parts.train(&[]);
    let message = failed(&bgad(home.path(), &words(&arguments)).output().unwrap());
    assert!(message.contains("bgad weights fetch"), "{message}");
    assert!(!parts.folder.path().join("run").exists());

    let data = parts.folder.path().join("parts");
    let reproduce = [
        "reproduce",
        "table1",
        "--data",
        text(&data),
        "--out",
        text(&data),
    ];
    let message = failed(&bgad(home.path(), &reproduce).output().unwrap());
    assert!(message.contains("tf_efficientnet_b6.aa_in1k"), "{message}");

    let path = place(home.path());
    let output = bgad(home.path(), &words(&arguments)).output().unwrap();
    succeeded(&output);
    let run = std::fs::read_to_string(parts.folder.path().join("run/run.json")).unwrap();
    let run: Value = serde_json::from_str(&run).unwrap();
    assert_eq!(run["weights"], text(&path));
    // The same weights by path give the same model.
    let by_name = std::fs::read(parts.model()).unwrap();
    let arguments = parts.train(&["--weights", text(&path)]);
    succeeded(&bgad(home.path(), &words(&arguments)).output().unwrap());
    assert!(std::fs::read(parts.model()).unwrap() == by_name);
}

#[test]
fn a_run_with_weights_resumes_with_them() {
    let (home, parts) = (tempfile::tempdir().unwrap(), Parts::new());
    let arguments = parts.train(&["--weights", GOLDEN]);
    succeeded(&bgad(home.path(), &words(&arguments)).output().unwrap());
    let model = std::fs::read(parts.model()).unwrap();
    // The same run as left by a kill before its first checkpoint.
    let ended = RunDirectory::at(&parts.folder.path().join("run"));
    let mut description = ended.description().unwrap();
    description.finished_unix_seconds = None;
    let dataset = Layout::Mvtec
        .read(&parts.folder.path().join("parts"), None)
        .unwrap();
    let killed = parts.folder.path().join("killed");
    let run = RunDirectory::begin(&killed, &description).unwrap();
    run.keep_dataset(&dataset).unwrap();
    let resume = ["train", "--no-report", "--resume", text(&killed)];
    succeeded(&bgad(home.path(), &resume).output().unwrap());
    assert!(std::fs::read(run.model()).unwrap() == model);
}

#[test]
#[cfg(feature = "hub")]
fn weights_are_fetched_if_allowed() {
    let (home, parts) = (tempfile::tempdir().unwrap(), Parts::new());
    let content = std::fs::read(GOLDEN).unwrap();
    let imitation = Imitation::start(&content, [Fault::Cut(10_000)]);
    // Nothing is fetched before the images are found.
    let arguments = parts.train(&["--category", "none"]);
    failed(
        &online(home.path(), &imitation, &words(&arguments))
            .output()
            .unwrap(),
    );
    assert!(imitation.hub.requests().is_empty());

    let arguments = parts.train(&[]);
    let output = online(home.path(), &imitation, &words(&arguments))
        .output()
        .unwrap();
    succeeded(&output);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("the connection") && message.contains("trying again"),
        "{message}"
    );
    assert!(parts.model().exists());
    assert_eq!(imitation.files.requests().len(), 2);
    let hub = imitation.hub.requests();
    assert!(
        hub.iter()
            .all(|request| request.headers["authorization"] == "Bearer hf_secret")
    );
    let path = succeeded(
        &bgad(home.path(), &["weights", "path", NAME])
            .output()
            .unwrap(),
    );
    let path = path.trim_end();
    let verified = bgad(home.path(), &["weights", "verify", path])
        .output()
        .unwrap();
    assert!(succeeded(&verified).contains(&format!("{} (as expected)", imitation.sha256)));

    // A damaged file on disk is fetched again.
    let blob = Path::new(path).canonicalize().unwrap();
    std::fs::write(&blob, &content[..1000]).unwrap();
    let message = failed(
        &bgad(home.path(), &["weights", "verify", path])
            .output()
            .unwrap(),
    );
    assert!(message.contains("damaged"), "{message}");
    let fetch = ["weights", "fetch", NAME];
    succeeded(&online(home.path(), &imitation, &fetch).output().unwrap());
    assert!(std::fs::read(&blob).unwrap() == content);
}

#[test]
#[cfg(feature = "hub")]
fn concurrent_and_killed_fetches_leave_one_valid_file() {
    let home = tempfile::tempdir().unwrap();
    let content = std::fs::read(GOLDEN).unwrap();
    let imitation = Imitation::start(&content, [Fault::Stall(20_000)]);
    let fetch = ["weights", "fetch", NAME];
    let start = || {
        let mut command = online(home.path(), &imitation, &fetch);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
            .env("HF_HUB_DOWNLOAD_TIMEOUT", "30")
            .spawn()
            .unwrap()
    };
    let blobs = home.path().join(format!("hub/models--timm--{NAME}/blobs"));
    let part = blobs.join(format!("{}.incomplete", imitation.sha256));
    let mut first = start();
    while std::fs::metadata(&part).map_or(0, |part| part.len()) < 20_000 {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // It holds the lock; the others wait until it ends.
    let others = [start(), start()];
    std::thread::sleep(std::time::Duration::from_millis(300));
    first.kill().unwrap();
    first.wait().unwrap();
    for other in others {
        let path = succeeded(&other.wait_with_output().unwrap());
        assert!(std::fs::read(path.trim_end()).unwrap() == content);
    }
    let asked = imitation.files.requests();
    let ranges: Vec<_> = asked.iter().map(|request| request.from()).collect();
    assert_eq!(ranges, [None, Some(20_000)]);
    let names = std::fs::read_dir(&blobs).unwrap();
    assert_eq!(names.count(), 1);
}
