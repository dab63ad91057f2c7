//! Files with valid checksums but invalid content: errors, no panic, bounded memory.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    BoundaryScope, Detector, Device, Error, EvaluateWhen, Layout, Progress, Trainer, TrainerConfig,
};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The address space that a prediction of one small image may use, in KiB; far less than the numbers below
/// ask for.
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
    let config = TrainerConfig::default().with(|config| {
        config.input.image_size = Some(32);
        config.flow.coupling_blocks = 1;
        config.flow.position_dimension = 16;
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
        config.schedule.image_steps = 1;
    });
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let path = folder.join("model.bgad");
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    detector.save(&path).unwrap();
    path
}

/// The description and the entries beside it, under the `key` for this kind of file.
fn header(file: &[u8], key: &str) -> Value {
    let (_, metadata) = SafeTensors::read_metadata(file).unwrap();
    serde_json::from_str(&metadata.metadata().as_ref().unwrap()[key]).unwrap()
}

/// The file `sound` with another description and a matching checksum.
fn signed(sound: &[u8], key: &str, description: &str) -> Vec<u8> {
    let file = SafeTensors::deserialize(sound).unwrap();
    signed_with(
        sound,
        key,
        description,
        file.tensors().into_iter().collect(),
    )
}

/// The same with other tensors.
fn signed_with(
    sound: &[u8],
    key: &str,
    description: &str,
    tensors: BTreeMap<String, TensorView<'_>>,
) -> Vec<u8> {
    let mut header = header(sound, key);
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
    let metadata = HashMap::from([(key.to_owned(), header.to_string())]);
    safetensors::serialize(tensors, Some(metadata)).unwrap()
}

/// JSON pointers to all values that are not containers.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                leaves(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            // One element represents the others.
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
    let header = header(&sound, "bgad");
    let text = header["description"].as_str().unwrap().to_owned();
    let again = self::header(&signed(&sound, "bgad", &text), "bgad");
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
            std::fs::write(&hostile, signed(&sound, "bgad", &changed.to_string())).unwrap();
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
fn layers_of_flows_that_are_not_finite_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = model(folder.path());
    let sound = std::fs::read(&path).unwrap();
    let text = header(&sound, "bgad")["description"]
        .as_str()
        .unwrap()
        .to_owned();
    let file = SafeTensors::deserialize(&sound).unwrap();
    let of_flows = |name: &&str| name.starts_with("level.");
    let names: Vec<&str> = file.names().into_iter().filter(of_flows).collect();
    assert!(names.contains(&"level.0.scaling.factors"), "{names:?}");
    for name in names {
        for wrong in [f32::NAN, f32::INFINITY] {
            let view = file.tensor(name).unwrap();
            let mut values = view.data().to_vec();
            values[..4].copy_from_slice(&wrong.to_le_bytes());
            let mut tensors: BTreeMap<_, _> = file.tensors().into_iter().collect();
            let changed = TensorView::new(Dtype::F32, view.shape().to_vec(), &values).unwrap();
            tensors.insert(name.to_owned(), changed);
            let hostile = signed_with(&sound, "bgad", &text, tensors);
            let error = Detector::from_bytes(&hostile, &path, &Device::flex()).unwrap_err();
            let error = error.to_string();
            let named = error.contains(name) && error.contains("finite numbers");
            assert!(named, "{name}: {error}");
        }
    }
}

#[test]
fn a_checkpoint_of_wrong_tensors_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let path = model(folder.path());
    std::fs::create_dir_all(run.join("checkpoints")).unwrap();
    // A model is not a checkpoint, whatever its name.
    std::fs::copy(
        path,
        run.join("checkpoints/checkpoint-000001-000000-00000000.safetensors"),
    )
    .unwrap();
    let dataset = Layout::Mvtec
        .read(&folder.path().join("parts"), None)
        .unwrap();
    let trainer =
        Trainer::new(TrainerConfig::default().with(|config| config.input.image_size = Some(32)));
    let error = trainer
        .checkpoints_in(run.join("checkpoints"))
        .resume(&dataset)
        .unwrap_err();
    assert!(
        error.to_string().contains("not a valid checkpoint"),
        "{error}"
    );
}

#[test]
fn a_checkpoint_of_wrong_numbers_is_refused_or_the_run_ends() {
    const KEY: &str = "bgad_checkpoint";
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 2,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(&data, &parts).unwrap();
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let config = TrainerConfig::paper().with(|config| {
        config.input.image_size = Some(32);
        config.flow.coupling_blocks = 1;
        config.flow.position_dimension = 8;
        config.schedule.boundary = BoundaryScope::Set;
        config.schedule.meta_epochs = 2;
        config.schedule.sub_epochs = 1;
        config.schedule.evaluate = EvaluateWhen::Never;
    });
    let checkpoints = folder.path().join("checkpoints");
    let trainer = || Trainer::new(config.clone()).checkpoints_in(&checkpoints);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let stopped = trainer().stopped_by(stop).observed_by(move |progress| {
        flag.fetch_or(
            matches!(progress, Progress::MetaEpoch(_)),
            Ordering::Relaxed,
        );
    });
    let Err(Error::Stopped {
        checkpoint: Some(path),
    }) = stopped.run(&dataset)
    else {
        panic!("the run did not stop");
    };
    let sound = std::fs::read(&path).unwrap();
    let text = header(&sound, KEY)["description"]
        .as_str()
        .unwrap()
        .to_owned();
    let resume = |file: &[u8]| {
        let _ = std::fs::remove_dir_all(&checkpoints);
        std::fs::create_dir_all(&checkpoints).unwrap();
        std::fs::write(&path, file).unwrap();
        trainer()
            .resume(&dataset)
            .map(|training| training.history.len())
    };
    assert_eq!(resume(&signed(&sound, KEY, &text)).unwrap(), 2);

    // Numbers.
    let description: Value = serde_json::from_str(&text).unwrap();
    let mut places = Vec::new();
    leaves(&description, "", &mut places);
    places.retain(|place| !place.starts_with("/identity"));
    assert!(places.len() > 10, "{places:?}");
    for place in &places {
        for value in [json!(1), json!(7), json!(u64::MAX), json!(-1), Value::Null] {
            let mut changed = description.clone();
            *changed.pointer_mut(place).unwrap() = value.clone();
            let resumed = resume(&signed(&sound, KEY, &changed.to_string()));
            if place == "/position/meta_epoch" && value != json!(1)
                || place == "/integers/boundaries"
            {
                let error = resumed.unwrap_err().to_string();
                assert!(
                    error.contains("not a valid checkpoint"),
                    "{place} {value}: {error}"
                );
            }
        }
    }

    // Tensors.
    let file = SafeTensors::deserialize(&sound).unwrap();
    let tensors: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    assert!(tensors.contains_key("boundary.0") && tensors.contains_key("flow.0-loss"));
    let seven = [0; 28];
    for name in tensors.keys() {
        let mut changed: BTreeMap<_, _> = file.tensors().into_iter().collect();
        let view = TensorView::new(Dtype::F32, vec![7], &seven).unwrap();
        changed.insert(name.clone(), view);
        let error = resume(&signed_with(&sound, KEY, &text, changed)).unwrap_err();
        assert!(
            error.to_string().contains("not a valid checkpoint"),
            "{name}: {error}"
        );
    }
}
