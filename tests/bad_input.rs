//! Bad input gets a clear error or a warning, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use bgad::{Detector, Device, Error, Layout, Model, Trainer, TrainerConfig};

use crate::common::{parts, settings, write_parts};

fn first_image(folder: &Path) -> PathBuf {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    files.remove(0)
}

#[test]
fn a_model_file_with_a_flipped_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let path = folder.path().join("model.bgad");
    Trainer::new(settings())
        .fit(&dataset)
        .unwrap()
        .save(&path)
        .unwrap();
    let sound = fs::read(&path).unwrap();
    let device = Device::flex();
    Detector::load(&path, &device).unwrap();
    // Damages the length, the header, and bytes throughout the tensors.
    let header = u64::from_le_bytes(sound[..8].try_into().unwrap()) as usize + 8;
    let places = (0..header)
        .step_by(7)
        .chain((header..sound.len()).step_by(sound.len() / 40));
    for place in places.chain([sound.len() - 1]) {
        let mut damaged = sound.clone();
        damaged[place] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        let message = match Detector::load(&path, &device) {
            Ok(_) => panic!("byte {place} of {} was flipped unnoticed", sound.len()),
            Err(error) => error.to_string(),
        };
        assert!(message.contains("model.bgad"), "{message}");
    }
    for length in [0, 4, 100, header, sound.len() - 1] {
        fs::write(&path, &sound[..length]).unwrap();
        assert!(
            Detector::load(&path, &device).is_err(),
            "cut to {length} bytes"
        );
    }
    fs::write(&path, b"not a model at all").unwrap();
    assert!(matches!(
        Detector::load(&path, &device),
        Err(Error::ModelFile { .. })
    ));
}

#[test]
fn unreadable_images_among_many_are_left_out_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    write_parts(&data);
    let good = data.join("train/good");
    let sound = fs::read(first_image(&good)).unwrap();
    fs::write(good.join("a_text.png"), "hello").unwrap();
    fs::write(good.join("b_cut.png"), &sound[..sound.len() / 2]).unwrap();
    fs::write(data.join("test/good/c_empty.png"), "").unwrap();
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let config = settings().with(|config| config.model = Model::Bgad);
    let training = Trainer::new(config).run(&dataset).unwrap();
    for name in ["a_text.png", "b_cut.png", "c_empty.png"] {
        let named = training
            .warnings
            .iter()
            .filter(|w| w.contains(name))
            .count();
        assert_eq!(named, 1, "{name}: {:?}", training.warnings);
    }
    let evaluation = training.evaluation.unwrap();
    assert_eq!(evaluation.images, dataset.test.len() - 1);
}

#[test]
fn a_set_of_unreadable_images_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    write_parts(&data);
    for entry in fs::read_dir(data.join("train/good")).unwrap() {
        fs::write(entry.unwrap().path(), "").unwrap();
    }
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let config = settings().with(|config| config.model = Model::Bgad);
    let error = Trainer::new(config).fit(&dataset).unwrap_err();
    assert!(matches!(error, Error::NoNormalImages { .. }));
    // Why one of them was left out.
    let message = error.to_string();
    assert!(message.contains("an empty file"), "{message}");
}

#[test]
fn a_mask_of_another_size_is_an_error_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    write_parts(&data);
    let mask = first_image(&data.join("ground_truth/scratch"));
    bgad::RgbImage::new(10, 20).save(&mask).unwrap();
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let error = Trainer::new(settings())
        .fit(&dataset)
        .unwrap_err()
        .to_string();
    let name = mask.file_name().unwrap().to_string_lossy();
    assert!(error.contains(&*name), "{error}");
    assert!(
        error.contains("10x20") && error.contains("64x64"),
        "{error}"
    );
}

#[test]
fn a_missing_mask_is_a_warning_with_a_count() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    write_parts(&data);
    fs::remove_file(first_image(&data.join("ground_truth/stain"))).unwrap();
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let config = settings().with(|config| config.model = Model::Bgad);
    let training = Trainer::new(config).run(&dataset).unwrap();
    assert!(
        training
            .warnings
            .iter()
            .any(|w| w.contains("mask") && w.contains('1')),
        "{:?}",
        training.warnings
    );
    assert!(training.evaluation.unwrap().pixel_auroc.is_some());
}

#[test]
fn an_empty_mask_of_an_abnormal_image_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    write_parts(&data);
    let mask = first_image(&data.join("ground_truth/stain"));
    bgad::RgbImage::new(64, 64).save(&mask).unwrap();
    let dataset = Layout::Mvtec.read(&data, None).unwrap();
    let config = settings().with(|config| config.model = Model::Bgad);
    let training = Trainer::new(config).run(&dataset).unwrap();
    let says_so = |w: &String| w.starts_with("abnormal test images with an empty mask: 1;");
    assert!(
        training.warnings.iter().any(says_so),
        "{:?}",
        training.warnings
    );
}

#[test]
fn settings_that_cannot_work_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let refused =
        |config: TrainerConfig| Trainer::new(config).fit(&dataset).unwrap_err().to_string();
    let with = |change: fn(&mut TrainerConfig)| {
        let mut config = settings();
        change(&mut config);
        refused(config)
    };
    assert!(with(|c| c.schedule.meta_epochs = 0).contains("meta_epochs"));
    assert!(with(|c| c.input.image_size = Some(8)).contains("image_size"));
    assert!(with(|c| c.schedule.learning_rate = f64::NAN).contains("learning_rate"));
    assert!(with(|c| c.objective.beta = 1.5).contains("beta"));
    assert!(with(|c| c.backbone.strides = vec![8, 4]).contains("strides"));
    assert!(with(|c| c.flow.position_dimension = 6).contains("multiple of 4"));
    assert!(with(|c| c.backbone.name = "resnet50".into()).contains("resnet50"));
    assert!(with(|c| c.backbone.name = "tf_efficientnet_b0".into()).contains("weights"));
    assert!(with(|c| c.schedule.learning_rate = 1e30).contains("diverged"));
    let mut without = dataset.clone();
    without.train.retain(|sample| !sample.label.is_abnormal());
    assert!(matches!(
        Trainer::new(settings()).fit(&without),
        Err(Error::NoAbnormalImages { .. })
    ));
}

#[test]
fn weights_of_another_architecture_are_refused_by_tensor() {
    let goldens = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/goldens");
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| {
        config.backbone.name = "tf_efficientnet_b3".into();
        config.backbone.weights =
            Some(Path::new(goldens).join("tf_efficientnet_b0_random_weights.safetensors"));
    });
    let error = Trainer::new(config).fit(&dataset).unwrap_err().to_string();
    assert!(
        error.contains("tf_efficientnet_b0_random_weights"),
        "{error}"
    );
    assert!(error.contains("conv_stem.weight"), "{error}");
}
