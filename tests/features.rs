//! Stored features: in memory, on disk, rounded.

use std::path::{Path, PathBuf};

use bgad::{Dataset, FeaturePrecision, Trainer, TrainerConfig, Training};

use crate::common::{parts, settings};

fn model(training: &Training, folder: &Path) -> Vec<u8> {
    let path = folder.join("model.bgad");
    training.detector.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

/// The model's bytes, except for settings that name where features are stored.
fn trained(trainer: &Trainer, dataset: &Dataset) -> Vec<f32> {
    let training = trainer.run(dataset).unwrap();
    let description = training.detector.description();
    let mut all = description.normal_scores.clone();
    all.push(description.threshold);
    let evaluation = training.evaluation.unwrap();
    all.extend(evaluation.results.iter().map(|image| image.score));
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn where_features_are_kept_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    for precision in [FeaturePrecision::F16, FeaturePrecision::F32] {
        let config = settings().with(|config| config.features.training_precision = precision);
        let without_memory = config
            .clone()
            .with(|config| config.features.memory = bgad::MemorySize::bytes(0));
        let in_memory = trained(&Trainer::new(config.clone()), &dataset);
        assert_eq!(
            trained(&Trainer::new(without_memory.clone()), &dataset),
            in_memory
        );
        let cache = folder.path().join(precision.to_string());
        let cached = || Trainer::new(without_memory.clone()).features_in(&cache);
        assert_eq!(trained(&cached(), &dataset), in_memory);
        // One file per training and test image.
        let written = files(&cache);
        assert_eq!(written.len(), dataset.train.len() + dataset.test.len());
        // The second run finds them; damaged ones are written again.
        let before = std::fs::read(&written[0]).unwrap();
        let mut damaged = before.clone();
        *damaged.last_mut().unwrap() ^= 1;
        std::fs::write(&written[0], damaged).unwrap();
        std::fs::write(&written[1], b"bgadfea1").unwrap();
        assert_eq!(trained(&cached(), &dataset), in_memory);
        assert_eq!(files(&cache), written);
        assert_eq!(std::fs::read(&written[0]).unwrap(), before);
    }
}

/// The content of a file is used: the second run does not compute it again.
#[test]
fn a_second_run_takes_the_features_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let cache = folder.path().join("features");
    let trainer = Trainer::new(settings()).features_in(&cache);
    let first = trained(&trainer, &dataset);
    // The features of one image under the name of another's.
    let written = files(&cache);
    let sizes = |path: &PathBuf| std::fs::metadata(path).unwrap().len();
    let of_training: Vec<_> = written
        .iter()
        .filter(|file| sizes(file) == sizes(&written[0]))
        .collect();
    std::fs::copy(of_training[0], of_training[1]).unwrap();
    assert_ne!(trained(&trainer, &dataset), first);
}

/// Features of other settings, images or backbones use other files.
#[test]
fn the_name_of_a_file_follows_from_all_that_its_features_depend_on() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let cache = folder.path().join("features");
    let run = |config: TrainerConfig, dataset: &Dataset| {
        let trainer = Trainer::new(config).features_in(&cache);
        trainer.run(dataset).unwrap();
        files(&cache).len()
    };
    let first = run(settings(), &dataset);
    let seed = settings().with(|config| config.seed = 1);
    assert_eq!(run(seed, &dataset), first);
    let larger = settings().with(|config| config.input.image_size = Some(96));
    assert_eq!(run(larger, &dataset), 2 * first);
    // An image whose content changes under the same name.
    std::fs::copy(&dataset.train[0].path, &dataset.train[1].path).unwrap();
    assert_eq!(run(settings(), &dataset), 2 * first);
    let image = image::RgbImage::from_pixel(64, 64, image::Rgb([9, 9, 9]));
    image.save(&dataset.train[1].path).unwrap();
    assert_eq!(run(settings(), &dataset), 2 * first + 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let trainer = Trainer::new(settings()).features_in(file.join("features"));
    let error = trainer.run(&dataset).unwrap_err().to_string();
    assert!(error.contains("file/features"), "{error}");
}

#[test]
fn features_beyond_the_memory_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| config.features.memory = bgad::MemorySize::bytes(0));
    let training = Trainer::new(config.clone()).run(&dataset).unwrap();
    let told = |training: &Training| {
        let mut warnings = training.warnings.iter();
        warnings.any(|warning| warning.contains("don't fit in features.memory"))
    };
    assert!(told(&training));
    let cached = Trainer::new(config).features_in(folder.path().join("features"));
    assert!(!told(&cached.run(&dataset).unwrap()));
}

#[test]
fn training_ends_when_no_boundary_moves() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| config.schedule.meta_epochs = 4);
    let stopping = |most: f32| {
        let config = config
            .clone()
            .with(|config| config.schedule.stop_when_still = Some(most));
        Trainer::new(config).run(&dataset).unwrap()
    };
    // Any change counts as still: the first comparison follows the second meta-epoch.
    let early = stopping(1e6);
    assert_eq!(early.history.len(), 2);
    assert!(early.evaluation.is_some());
    assert!(early.detector.description().threshold > 0.0);
    // No change counts as still.
    let whole = stopping(1e-9);
    assert_eq!(whole.history.len(), 4);
    let never = Trainer::new(config.clone()).run(&dataset).unwrap();
    let flows = |training: &Training| {
        let image = bgad::load_image(&dataset.test[0].path).unwrap();
        training.detector.predict(&image).unwrap().score
    };
    assert_eq!(flows(&whole), flows(&never));
    assert_ne!(model(&early, folder.path()), model(&whole, folder.path()));
    for wrong in [0.0, -1.0, f32::NAN] {
        let config = config
            .clone()
            .with(|config| config.schedule.stop_when_still = Some(wrong));
        let error = Trainer::new(config).run(&dataset).unwrap_err().to_string();
        assert!(error.contains("stop_when_still"), "{error}");
    }
}
