//! An interrupted run ends with the same model as an uninterrupted one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    BoundaryScope, Dataset, Error, Granularity, Layout, Preset, Progress, TrainFlows, Trainer,
    TrainerConfig, Training,
};

use crate::common::{parts, settings};

/// A trainer that stops at the end of its `batch`-th batch.
fn stopping(config: &TrainerConfig, folder: &Path, batch: usize) -> Trainer {
    let stop = Arc::new(AtomicBool::new(false));
    let (flag, count) = (Arc::clone(&stop), AtomicUsize::new(0));
    Trainer::new(config.clone())
        .checkpoints_in(folder)
        .stopped_by(stop)
        .observed_by(move |progress| {
            if let Progress::Batch { .. } = progress
                && count.fetch_add(1, Ordering::Relaxed) + 1 == batch
            {
                flag.store(true, Ordering::Relaxed);
            }
        })
}

#[test]
fn a_run_without_batches_stops_too() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts(folder.path());
    let config = settings().with(|config| config.schedule.train_flows = TrainFlows::Never);
    // While images are read, and while they are scored.
    for seen in ["features", "read"] {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let trainer = Trainer::new(config.clone())
            .stopped_by(stop)
            .observed_by(move |progress| {
                if let Progress::Features { done, total } = progress
                    && (seen == "features" || done == total)
                {
                    flag.store(true, Ordering::Relaxed);
                }
            });
        let stopped = trainer.run(&parts).unwrap_err();
        assert!(
            matches!(stopped, Error::Stopped { .. }),
            "{seen}: {stopped}"
        );
    }
}

fn model(training: &Training, folder: &Path) -> Vec<u8> {
    let file = folder.join("model.bgad");
    training.detector.save(&file).unwrap();
    std::fs::read(file).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Stops after each batch, resumes each time, and compares. Returns the number of meta-epochs.
fn same_wherever_it_stops(config: &TrainerConfig, dataset: &Dataset, folder: &Path) -> usize {
    let unbroken = Trainer::new(config.clone()).run(dataset).unwrap();
    let expected = model(&unbroken, folder);
    let checkpoints = folder.join("checkpoints");
    let mut stops = 0;
    for batch in 1.. {
        let training = match stopping(config, &checkpoints, batch).run(dataset) {
            Ok(_) => break,
            Err(Error::Stopped { checkpoint }) => {
                assert!(checkpoint.unwrap().starts_with(&checkpoints));
                // Once more, so that some checkpoints belong to a run that was itself resumed.
                match stopping(config, &checkpoints, 1).resume(dataset) {
                    Err(Error::Stopped { .. }) => {
                        let trainer = Trainer::new(config.clone()).checkpoints_in(&checkpoints);
                        trainer.resume(dataset).unwrap()
                    }
                    Ok(training) => training,
                    Err(error) => panic!("{error}"),
                }
            }
            Err(error) => panic!("{error}"),
        };
        stops += 1;
        assert!(
            model(&training, folder) == expected,
            "stopped after batch {batch}"
        );
        assert_eq!(training.history, unbroken.history);
        assert_eq!(training.evaluation, unbroken.evaluation);
        assert!(files(&checkpoints).len() <= 2);
    }
    let meta_epochs = unbroken.history.len();
    assert!(stops >= meta_epochs * config.schedule.sub_epochs, "{stops}");
    meta_epochs
}

#[test]
fn a_run_with_all_kinds_of_flows_resumes_after_any_batch() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| {
        config.schedule.sub_epochs = 2;
        config.schedule.batch_size = 3;
        config.pooled.folds = 2;
        config.schedule.boundary = BoundaryScope::Set;
    });
    same_wherever_it_stops(&config, &dataset, folder.path());
}

/// Held-out flows need ten images, and a run that stops early needs the previous boundaries.
#[test]
fn held_out_flows_and_boundaries_resume_too() {
    let folder = tempfile::tempdir().unwrap();
    let images = SyntheticConfig {
        image_size: 64,
        train_images: 12,
        test_images: 2,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    let to = folder.path().join("parts");
    synthetic::write(&to, &images).unwrap();
    let mut dataset = Layout::Mvtec.read(&to, None).unwrap();
    dataset.move_anomalies_to_training(2, 0).unwrap();
    let config = settings().with(|config| {
        config.schedule.batch_size = 7;
        config.schedule.meta_epochs = 4;
        config.pooled.folds = 2;
        config.schedule.stop_when_still = Some(0.5);
    });
    let meta_epochs = same_wherever_it_stops(&config, &dataset, folder.path());
    assert!((2..4).contains(&meta_epochs), "{meta_epochs}");
}

#[test]
fn a_run_at_image_granularity_resumes_after_any_sub_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| {
        config.granularity = Some(Granularity::Image);
        config.schedule.sub_epochs = 2;
    });
    same_wherever_it_stops(&config, &dataset, folder.path());
}

#[test]
fn the_papers_method_resumes_too() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let small = settings();
    let config = TrainerConfig::preset(Preset::Paper).with(|config| {
        config.model = small.model;
        config.input.image_size = small.input.image_size;
        config.flow.coupling_blocks = small.flow.coupling_blocks;
        config.flow.position_dimension = small.flow.position_dimension;
        config.schedule.meta_epochs = 2;
        config.schedule.sub_epochs = 1;
        config.schedule.batch_size = 4;
        config.abnormal.repeats = 1;
    });
    same_wherever_it_stops(&config, &dataset, folder.path());
}

#[test]
fn damaged_and_foreign_checkpoints_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings();
    let expected = Trainer::new(config.clone()).run(&dataset).unwrap();
    let expected = model(&expected, folder.path());
    let checkpoints = folder.path().join("checkpoints");
    let resumed = |config: &TrainerConfig| {
        let trainer = Trainer::new(config.clone()).checkpoints_in(&checkpoints);
        trainer.resume(&dataset)
    };

    // There is no checkpoint yet, so it starts from the beginning.
    assert!(model(&resumed(&config).unwrap(), folder.path()) == expected);
    let kept = files(&checkpoints);
    assert_eq!(kept.len(), 2);

    // After a power cut with unflushed data, the older checkpoint is used, with a warning.
    let sound = std::fs::read(&kept[1]).unwrap();
    std::fs::write(&kept[1], &sound[..sound.len() / 2]).unwrap();
    let training = resumed(&config).unwrap();
    assert!(
        training
            .warnings
            .iter()
            .any(|w| w.contains("not a valid checkpoint"))
    );
    assert!(model(&training, folder.path()) == expected);

    let other = config.clone().with(|config| config.seed = 1);
    let error = resumed(&other).unwrap_err();
    assert!(
        matches!(
            error,
            Error::CheckpointDiffers {
                what: "settings",
                ..
            }
        ),
        "{error}"
    );

    for file in files(&checkpoints) {
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    let error = resumed(&config).unwrap_err();
    assert!(matches!(error, Error::Checkpoint { .. }), "{error}");

    // A new run starts without them.
    let trainer = Trainer::new(config.clone()).checkpoints_in(&checkpoints);
    assert!(model(&trainer.run(&dataset).unwrap(), folder.path()) == expected);

    let image = &dataset.train[0].path;
    std::fs::copy(&dataset.train[1].path, image).unwrap();
    let error = resumed(&config).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("training images or masks"), "{message}");
    assert!(Trainer::new(config).resume(&dataset).is_err());
}

#[test]
fn training_ends_although_no_checkpoint_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let checkpoints = folder.path().join("checkpoints");
    let gone = checkpoints.clone();
    let trainer = Trainer::new(settings())
        .checkpoints_in(&checkpoints)
        .observed_by(move |progress| {
            if let Progress::Batch { .. } = progress {
                let _ = std::fs::remove_dir_all(&gone);
            }
        });
    let training = trainer.run(&dataset).unwrap();
    assert!(
        training
            .warnings
            .iter()
            .any(|w| w.contains("no checkpoint"))
    );
    assert!(!checkpoints.exists());
}

/// A checkpoint stores the weights' checksum but not their path.
#[test]
fn a_run_resumes_wherever_its_weights_are() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let golden = "/../../tests/goldens/tf_efficientnet_b0_random_weights.safetensors";
    let golden = format!("{}{golden}", env!("CARGO_MANIFEST_DIR"));
    let config = settings().with(|config| {
        config.backbone.name = "tf_efficientnet_b0".to_owned();
        config.backbone.weights = Some(golden.clone().into());
    });
    let checkpoints = folder.path().join("checkpoints");
    let stopped = stopping(&config, &checkpoints, 1).run(&dataset);
    assert!(matches!(stopped, Err(Error::Stopped { .. })));
    let moved = folder.path().join("moved.safetensors");
    std::fs::copy(golden, &moved).unwrap();
    for weights in [config.backbone.weights.clone().unwrap(), moved] {
        let config = config
            .clone()
            .with(|config| config.backbone.weights = Some(weights));
        let trainer = Trainer::new(config).checkpoints_in(&checkpoints);
        let training = trainer.resume(&dataset).unwrap();
        assert_eq!(training.history.len(), 2);
    }
}
