//! What the program reports about the machine, and that no decision depends on its instructions.

use std::path::Path;
use std::process::{Command, Output};

use bgad::Machine;
use bgad::synthetic::{self, SyntheticConfig};
use serde_json::Value;

const VARIABLE: &str = "BGAD_INSTRUCTIONS";

/// The program with this set of instructions.
fn under(set: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(arguments)
        .env(VARIABLE, set)
        .output()
        .unwrap()
}

fn stdout(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn sets() -> Vec<String> {
    Machine::current().available_instructions
}

#[test]
fn the_version_names_instructions_threads_and_allocator() {
    for set in sets() {
        let version = stdout(under(&set, &["--version"]));
        assert!(version.starts_with(concat!("bgad ", env!("CARGO_PKG_VERSION"))));
        for expected in [
            &format!("instructions  {set} (this machine has scalar"),
            "threads  ",
            "mimalloc",
        ] {
            assert!(version.contains(expected), "no \"{expected}\" in {version}");
        }
    }
}

#[test]
fn unavailable_instructions_end_the_program_at_once() {
    for (set, reason) in [
        ("avx9", "there is no such set"),
        ("", "there is no such set"),
    ] {
        let output = under(set, &["weights", "list"]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        for expected in [reason, "this machine has scalar", VARIABLE] {
            assert!(message.contains(expected), "no \"{expected}\" in {message}");
        }
    }
    let lacking = ["neon", "simd128", "avx2", "avx512"];
    let lacking = lacking
        .into_iter()
        .find(|set| !sets().contains(&(*set).to_owned()));
    let output = under(lacking.unwrap(), &["weights", "list"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("this processor lacks it"), "{message}");
}

#[test]
fn bench_measures_under_every_set() {
    let output = stdout(under("scalar", &["bench", "--every", "--json"]));
    let found: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let instructions: Vec<&str> = found
        .iter()
        .map(|figures| figures["machine"]["instructions"].as_str().unwrap())
        .collect();
    assert_eq!(instructions, sets());
    for figures in &found {
        let at = |pointer: &str| figures.pointer(pointer).and_then(Value::as_f64).unwrap();
        for pointer in [
            "/multiply_add_gflops",
            "/copy_gigabytes_per_second",
            "/product_gflops/one_thread",
            "/product_gflops/all_threads",
            "/step_milliseconds/40",
            "/step_milliseconds/72",
            "/step_milliseconds/200",
            "/prediction_milliseconds/batch_1",
            "/prediction_milliseconds/batch_8",
        ] {
            assert!(at(pointer) > 0.0, "{pointer} of {figures}");
        }
    }
}

#[test]
fn scores_and_decisions_do_not_depend_on_the_instructions() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let parts = folder.path().join("parts");
    let drawn = SyntheticConfig {
        image_size: 64,
        train_images: 12,
        test_images: 4,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(&parts, &drawn).unwrap();
    let run = folder.path().join("run");
    let widest = sets().pop().unwrap();
    stdout(under(
        &widest,
        &[
            "train",
            "--layout",
            "mvtec",
            "--data",
            &text(&parts),
            "--out",
            &text(&run),
            "--image-size",
            "64",
            "--meta-epochs",
            "1",
            "--sub-epochs",
            "1",
            "--json",
        ],
    ));
    let description = std::fs::read_to_string(run.join("run.json")).unwrap();
    let description: Value = serde_json::from_str(&description).unwrap();
    assert_eq!(description["machine"]["instructions"], widest.as_str());
    assert_eq!(description["machine"]["allocator"], "mimalloc");

    let model = text(&run.join("model.bgad"));
    let images = text(&parts.join("test"));
    let predictions = |set: &str| -> Vec<(f64, bool)> {
        let output = stdout(under(
            set,
            &["predict", "--model", &model, "--json", "-", &images],
        ));
        let lines = output
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .map(|line| {
                (
                    line["score"].as_f64().unwrap(),
                    line["anomalous"].as_bool().unwrap(),
                )
            })
            .collect()
    };
    let expected = predictions(&widest);
    assert!(expected.len() >= 8, "{} predictions", expected.len());
    for set in sets() {
        let found = predictions(&set);
        assert_eq!(found.len(), expected.len());
        for ((score, decision), (wide, wide_decision)) in found.iter().zip(&expected) {
            assert!(
                (score - wide).abs() <= 1e-4 * wide.abs().max(1.0),
                "{set}: {score}, {wide}"
            );
            assert_eq!(decision, wide_decision, "{set}: {score}, {wide}");
        }
    }
}
