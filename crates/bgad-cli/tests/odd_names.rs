//! Files whose names are not UTF-8, through all commands.
#![cfg(target_os = "linux")] // other systems don't let such names be

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{RunDirectory, path_from_text};
use serde_json::Value;

use crate::case::{Case, json_lines, stdout};

fn odd(before: &str) -> PathBuf {
    let bytes = [before.as_bytes(), b"caf\xe9.png"].concat();
    OsStr::from_bytes(&bytes).into()
}

#[test]
fn predictions_name_the_very_file() {
    let case = Case::new();
    let folder = case.path("n\u{e9}w");
    std::fs::create_dir(&folder).unwrap();
    let image = folder.join(odd(""));
    std::fs::copy(case.path("parts/test/good/000.png"), &image).unwrap();
    let masks = case.folder.path().join(OsStr::from_bytes(b"m\xe4sks"));
    let run = |form: &str| {
        let mut command = case.predict();
        command.arg(&folder).arg(form).arg("--masks").arg(&masks);
        stdout(command.output().unwrap())
    };
    let line = &json_lines(&run("--json"))[0];
    let (path, mask) = (
        line["path"].as_str().unwrap(),
        line["mask"].as_str().unwrap(),
    );
    assert!(path.ends_with("caf\\xE9.png"), "{path}");
    assert_eq!(path_from_text(path), image);
    assert!(path_from_text(mask).is_file(), "{mask}");
    let table = run("--csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!(&row[0], path);
    assert!(run("--quiet").contains("caf\\xE9.png"));

    // As `find` lists it, as this program does, and after a byte-order mark.
    let marked = [b"\xef\xbb\xbf", path.as_bytes()].concat();
    for listed in [image.as_os_str().as_bytes(), path.as_bytes(), &marked] {
        let mut child = case
            .predict()
            .args(["-", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(listed).unwrap();
        drop(stdin);
        let lines = json_lines(&stdout(child.wait_with_output().unwrap()));
        assert_eq!(lines[0]["path"], path);
        assert_eq!(lines[0]["score"], line["score"]);
    }
    let named = case.predict().args([path, "--json"]).output().unwrap();
    assert_eq!(json_lines(&stdout(named))[0]["score"], line["score"]);
}

#[test]
fn a_run_on_odd_names_can_be_reported_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let parts = folder.path().join(OsStr::from_bytes(b"t\xe9ile"));
    let config = SyntheticConfig {
        image_size: 64,
        train_images: 5,
        test_images: 2,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(&parts, &config).unwrap();
    let rename = |from: &str, to: PathBuf| {
        std::fs::rename(parts.join(from), parts.join(to)).unwrap();
    };
    rename("train/good/000.png", odd("train/good/"));
    rename("test/dent/000.png", odd("test/dent/"));
    rename("ground_truth/dent/000_mask.png", odd("ground_truth/dent/"));
    let out = folder.path().join(OsStr::from_bytes(b"r\xfcn"));
    let run = |command: &str, arguments: &[&str], paths: &[(&str, &Path)]| -> Value {
        let mut bgad = Command::new(env!("CARGO_BIN_EXE_bgad"));
        bgad.args([command, "--layout", "mvtec", "--json"])
            .args(arguments);
        for (option, path) in paths {
            bgad.arg(option).arg(path);
        }
        let text = stdout(bgad.output().unwrap());
        serde_json::from_str(&text).unwrap()
    };
    let split = folder.path().join("split.json");
    let data = ("--data", parts.as_path());
    let quick = [
        "--meta-epochs=1",
        "--sub-epochs=1",
        "--image-size=32",
        "--set=schedule.image_steps=1",
    ];
    let trained = run(
        "train",
        &quick,
        &[data, ("--out", &out), ("--write-split", &split)],
    );
    assert_eq!(
        path_from_text(trained["model"].as_str().unwrap()),
        out.join("model.bgad")
    );

    let directory = RunDirectory::at(&out);
    let description = directory.description().unwrap();
    assert_eq!(description.dataset.folder.as_deref(), Some(parts.as_path()));
    let dataset = directory.dataset().unwrap();
    assert_eq!(dataset.root, parts);
    assert!(dataset.samples().all(|sample| sample.path.is_file()));
    let odd_image = parts.join(odd("test/dent/"));
    assert!(dataset.samples().any(|sample| sample.path == odd_image));
    assert!(out.join("report.html").is_file());

    let model = out.join("model.bgad");
    let report = folder.path().join(OsStr::from_bytes(b"r\xe9port"));
    let paths = [
        data,
        ("--model", &model),
        ("--split-file", &split),
        ("--report", &report),
    ];
    let evaluated = run("evaluate", &[], &paths);
    let named = evaluated["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|result| {
            path_from_text(result["path"].as_str().unwrap()) == parts.join(odd("test/dent/"))
        });
    let masks = &named.unwrap()["masks"];
    assert!(path_from_text(masks[0].as_str().unwrap()).is_file());

    let mut again = Command::new(env!("CARGO_BIN_EXE_bgad"));
    stdout(again.arg("report").arg(&report).output().unwrap());
}
