//! Files whose checksums are right and whose content is not: errors, no panic, bounded memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Layout, Trainer, TrainerConfig};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Address space that a prediction of one small image may take, in KiB; far less than what the
/// numbers below ask for.
const MEMORY: u32 = 6_000_000;

fn model(folder: &Path) -> PathBuf {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 3,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    let data = folder.join("parts");
    synthetic::write(&data, &parts).unwrap();
    let config = TrainerConfig {
        image_size: 32,
        coupling_blocks: 1,
        position_dimension: 16,
        meta_epochs: 1,
        sub_epochs: 1,
        image_steps: 1,
        ..TrainerConfig::default()
    };
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let path = folder.join("model.bgad");
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    detector.save(&path).unwrap();
    path
}

fn header(file: &[u8]) -> Value {
    let (_, metadata) = SafeTensors::read_metadata(file).unwrap();
    serde_json::from_str(&metadata.metadata().as_ref().unwrap()["bgad"]).unwrap()
}

/// The file of `sound` with another description and the checksum that belongs to it.
fn signed(sound: &[u8], description: &str) -> Vec<u8> {
    let mut header = header(sound);
    let file = SafeTensors::deserialize(sound).unwrap();
    let tensors: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(description.as_bytes());
    for (name, view) in &tensors {
        field(name.as_bytes());
        field(format!("{:?}", view.dtype()).as_bytes());
        let shape = view.shape().iter().flat_map(|n| (*n as u64).to_le_bytes());
        field(&shape.collect::<Vec<_>>());
        field(view.data());
    }
    let checksum = hash.finalize();
    header["checksum"] = checksum
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<String>()
        .into();
    header["description"] = description.into();
    let metadata = HashMap::from([("bgad".to_owned(), header.to_string())]);
    safetensors::serialize(tensors, Some(metadata)).unwrap()
}

/// All places of a JSON value that are no containers, as JSON pointers.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                leaves(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            // One of many speaks for them.
            leaves(&values[0], &format!("{at}/0"), found);
        }
        _ => found.push(at.to_owned()),
    }
}

#[test]
fn a_model_of_wrong_numbers_is_refused_or_predicts_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path());
    let image = folder.path().join("parts/test/good/000.png");
    let sound = std::fs::read(&path).unwrap();
    let header = header(&sound);
    let text = header["description"].as_str().unwrap().to_owned();
    let again = self::header(&signed(&sound, &text));
    assert_eq!(again, header, "the checksum is as documented");

    let description: Value = serde_json::from_str(&text).unwrap();
    let mut places = Vec::new();
    leaves(&description, "", &mut places);
    assert!(places.len() > 40, "{places:?}");
    let wrong = [
        json!(0),
        json!(-1),
        json!(2_000_000_000u64),
        json!(u64::MAX),
        json!(1e30),
        Value::Null,
        json!("\u{0}../../etc/passwd"),
        json!([]),
    ];
    let (mut refused, mut predicted) = (0, 0);
    let hostile = folder.path().join("hostile.bgad");
    for place in &places {
        for value in &wrong {
            let mut changed = description.clone();
            *changed.pointer_mut(place).unwrap() = value.clone();
            std::fs::write(&hostile, signed(&sound, &changed.to_string())).unwrap();
            let output = Command::new("sh")
                .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")])
                .arg(env!("CARGO_BIN_EXE_bgad"))
                .args(["predict", "--json", "--model"])
                .args([&hostile, &image])
                .output()
                .unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => predicted += 1,
                Some(1) if !message.contains("panicked") => refused += 1,
                status => panic!("{place} = {value}: {status:?} {message}"),
            }
        }
    }
    assert!(
        refused > predicted && predicted > 20,
        "{refused} {predicted}"
    );
}

#[test]
fn a_checkpoint_of_wrong_tensors_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let path = model(folder.path());
    std::fs::create_dir_all(run.join("checkpoints")).unwrap();
    // A model is no checkpoint, whatever it is called.
    std::fs::copy(
        path,
        run.join("checkpoints/checkpoint-000001-000000-00000000.safetensors"),
    )
    .unwrap();
    let dataset = Layout::Mvtec
        .read(&folder.path().join("parts"), None)
        .unwrap();
    let trainer = Trainer::new(TrainerConfig {
        image_size: 32,
        ..TrainerConfig::default()
    });
    let error = trainer
        .checkpoints_in(run.join("checkpoints"))
        .resume(&dataset)
        .unwrap_err();
    assert!(
        error.to_string().contains("not a sound checkpoint"),
        "{error}"
    );
}
