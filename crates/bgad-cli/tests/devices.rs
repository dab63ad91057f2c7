//! `--device` and `--devices`: names, training on several devices, and one process per device.
#![cfg(feature = "flex")]

use std::path::Path;
use std::process::{Command, Output};

use bgad::synthetic::{self, SyntheticConfig};
use serde_json::Value;

const SETTINGS: &str = "input.image_size = 64\n[flow]\ncoupling_blocks = 2\nposition_dimension = 16\n\
                        [schedule]\ntrain_flows = \"always\"\nevaluate = \"each\"\nbatch_size = 4\nimage_steps = 4\n";

fn bgad(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command.args(arguments).output().unwrap()
}

fn succeed(arguments: &[&str]) -> Output {
    let output = bgad(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn write_parts(folder: &Path, seed: u64) {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 4,
        test_images: 2,
        abnormal_per_type: 2,
        seed,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts).unwrap();
}

#[test]
fn devices_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = bgad(arguments);
        assert!(!output.status.success());
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(!message.contains("panicked"), "{message}");
        message
    };
    let image = folder.path().join("image.png");
    let predict = |device| refused(&["predict", "--model", "no", text(&image), "--device", device]);
    assert!(predict("gpu").contains("one of flex, ndarray"));
    assert!(predict("flex:1").contains("the CPU is one device"));
    if !cfg!(feature = "cuda") {
        assert!(predict("cuda:1").contains("build with `--features cuda`"));
    }
    write_parts(&folder.path().join("leather"), 0);
    let reproduce = |devices| {
        refused(&[
            "reproduce",
            "table1",
            "--data",
            text(folder.path()),
            "--backbone",
            "filter-bank",
            "--out",
            text(&folder.path().join("out")),
            "--devices",
            devices,
        ])
    };
    // Bare numbers count the devices of --device, of which the CPU has one.
    assert!(
        reproduce("0,1").contains("`flex:0`, expected flex"),
        "{}",
        reproduce("0,1")
    );
    assert!(reproduce("flex,gpu").contains("one of flex"));
}

#[test]
fn two_devices_train_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, settings) = (folder.path().join("parts"), folder.path().join("s.toml"));
    write_parts(&data, 0);
    std::fs::write(&settings, SETTINGS).unwrap();
    let train = |devices: &str| -> f64 {
        let out = folder.path().join(devices.replace(',', "-"));
        succeed(&[
            "train",
            "--layout",
            "mvtec",
            "--data",
            text(&data),
            "--meta-epochs",
            "2",
            "--sub-epochs",
            "1",
            "--set",
            "schedule.evaluate=never",
            "--config",
            text(&settings),
            "--devices",
            devices,
            "--out",
            text(&out),
        ]);
        let run = std::fs::read(out.join("run.json")).unwrap();
        let run: Value = serde_json::from_slice(&run).unwrap();
        assert_eq!(run["device"], devices);
        let log = std::fs::read_to_string(out.join("metrics.jsonl")).unwrap();
        let last: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
        last["loss"].as_f64().unwrap()
    };
    let (one, two) = (train("flex"), train("flex,flex"));
    assert!((one - two).abs() < 1e-4 * one.abs(), "{one} {two}");
}

/// Each category in its own process gives the results of a single process.
#[test]
fn a_pool_of_processes_gives_the_results_of_one() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, category) in ["leather", "tile", "wood"].iter().enumerate() {
        write_parts(&folder.path().join(category), seed as u64);
    }
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, SETTINGS).unwrap();
    let run = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        let mut arguments = vec![
            "reproduce",
            "table1",
            "--data",
            text(folder.path()),
            "--seeds",
            "2",
            "--meta-epochs",
            "1",
            "--sub-epochs",
            "1",
            "--backbone",
            "filter-bank",
            "--config",
            text(&settings),
            "--out",
            text(&out),
        ];
        arguments.extend(more);
        let output = succeed(&arguments);
        let results = std::fs::read_to_string(out.join("results.jsonl")).unwrap();
        let results = results.lines().map(|line| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            record["seconds"].take();
            record.to_string()
        });
        let mut results: Vec<String> = results.collect();
        results.sort();
        let table = String::from_utf8(output.stdout).unwrap();
        (results, table, String::from_utf8(output.stderr).unwrap())
    };
    let (one, table, _) = run("one", &[]);
    assert_eq!(one.len(), 12);
    let (pool, of_pool, notes) = run("pool", &["--devices", "flex,flex"]);
    assert_eq!(pool, one);
    assert_eq!(of_pool, table);
    assert_eq!(notes.matches("begun on flex").count(), 3, "{notes}");
}
