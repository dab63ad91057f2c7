//! How often the backbone is asked for features.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex};

use bgad::burn::tensor::Tensor;
use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    Backbone, Dataset, EvaluateWhen, FeaturePyramid, Granularity, Layout, Level, Mirror, Model,
    NamedTensor, Normalization, Progress, ThresholdRule, Trainer, TrainerConfig, Training,
};

use crate::common;
use crate::custom_backbone::Means;

/// How often each input was asked for, by a hash of its values.
type Asked = BTreeMap<u64, usize>;

/// Counts what it is asked for.
#[derive(Debug)]
struct Counting {
    means: Means,
    asked: Mutex<Asked>,
}

impl Counting {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            means: Means::new(),
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> Asked {
        self.asked.lock().unwrap().clone()
    }
}

impl Backbone for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn normalization(&self) -> Normalization {
        self.means.normalization()
    }

    fn levels(&self) -> &[Level] {
        self.means.levels()
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let values: Vec<f32> = images.clone().into_data().try_to_vec().unwrap();
        // Zeros are the question whether it keeps to its contract.
        if values.iter().any(|value| *value != 0.0) {
            let mut hasher = DefaultHasher::new();
            values.iter().for_each(|v| v.to_bits().hash(&mut hasher));
            let mut asked = self.asked.lock().unwrap();
            *asked.entry(hasher.finish()).or_default() += 1;
        }
        self.means.extract(images)
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        self.means.tensors()
    }
}

/// Enough normal images for held-out folds.
const NORMAL: usize = 12;

fn parts(folder: &Path) -> Dataset {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: NORMAL,
        test_images: 3,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts).unwrap();
    let mut dataset = Layout::Mvtec.read(folder, None).unwrap();
    dataset.move_anomalies_to_training(2, 0).unwrap();
    dataset
}

/// The default method with all its statistics; all normal images are one batch.
fn settings() -> TrainerConfig {
    TrainerConfig {
        model: Model::Bgad,
        evaluate: EvaluateWhen::Never,
        batch_size: NORMAL,
        meta_epochs: 1,
        sub_epochs: 2,
        ..common::settings()
    }
}

fn without_memory() -> TrainerConfig {
    TrainerConfig {
        feature_memory: 0,
        ..settings()
    }
}

/// The model's decisions, and how often each input was asked for.
fn run(config: TrainerConfig, dataset: &Dataset, cache: Option<&Path>) -> (Vec<f32>, Asked) {
    let backbone = Counting::new();
    let mut trainer = Trainer::new(config).with_backbone(backbone.clone());
    if let Some(folder) = cache {
        trainer = trainer.features_in(folder);
    }
    let training = trainer.run(dataset).unwrap();
    (decisions(&training), backbone.asked())
}

fn decisions(training: &Training) -> Vec<f32> {
    let description = training.detector.description();
    let mut all = description.normal_scores.clone();
    all.push(description.threshold);
    let evaluation = training.evaluation.iter();
    all.extend(evaluation.flat_map(|e| e.results.iter().map(|image| image.score)));
    all
}

/// So many inputs were asked for so often.
fn times(asked: &Asked) -> BTreeMap<usize, usize> {
    let mut times = BTreeMap::new();
    for count in asked.values() {
        *times.entry(*count).or_default() += 1;
    }
    times
}

#[test]
fn without_memory_one_pass_comes_before_the_first_step_and_one_with_each_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path());
    let backbone = Counting::new();
    let after_each_batch: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let (counting, batches) = (backbone.clone(), after_each_batch.clone());
    let training = Trainer::new(without_memory())
        .with_backbone(backbone.clone())
        .observed_by(move |progress| {
            if matches!(progress, Progress::Batch { .. }) {
                batches.lock().unwrap().push(counting.asked());
            }
        })
        .run(&dataset)
        .unwrap();
    let after_each_batch: Vec<_> = after_each_batch.lock().unwrap().iter().map(times).collect();
    // All statistics from one pass, and the batch itself; then the second epoch's.
    assert_eq!(
        after_each_batch,
        [[(2, NORMAL)].into(), [(3, NORMAL)].into()]
    );
    // One more for the constants of scoring.
    assert_eq!(times(&backbone.asked()), [(4, NORMAL)].into());
    let (in_memory, _) = run(settings(), &dataset, None);
    assert_eq!(decisions(&training), in_memory);
}

#[test]
fn mirror_images_are_asked_for_once_where_it_is_decided_whether_they_count() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path());
    let of_images = |config: TrainerConfig| TrainerConfig {
        granularity: Some(Granularity::Image),
        mirror: Mirror::Auto,
        ..config
    };
    let (decided, asked) = run(of_images(without_memory()), &dataset, None);
    assert_eq!(times(&asked), [(1, NORMAL), (4, NORMAL)].into());
    let (in_memory, asked) = run(of_images(settings()), &dataset, None);
    assert_eq!(times(&asked), [(1, 2 * NORMAL)].into());
    assert_eq!(decided, in_memory);
}

#[test]
fn with_memory_each_image_is_asked_for_once_in_all() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path());
    let all = dataset.train.len() + dataset.test.len();
    let config = TrainerConfig {
        model: Model::BgadFas,
        evaluate: EvaluateWhen::Each,
        meta_epochs: 3,
        threshold: ThresholdRule::BestF1,
        paste: false,
        ..settings()
    };
    let (_, asked) = run(config.clone(), &dataset, None);
    assert_eq!(times(&asked), [(1, all)].into());
    // Pasted images are new each time: one of each abnormal image in each of the four epochs after
    // the first meta-epoch.
    let (_, asked) = run(
        TrainerConfig {
            paste: true,
            ..config
        },
        &dataset,
        None,
    );
    assert_eq!(times(&asked), [(1, all + 4 * 2)].into());
}

#[test]
fn a_second_run_asks_for_nothing_that_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let cache = folder.path().join("features");
    let all = dataset.train.len() + dataset.test.len();
    let mirrored = |mirror: Mirror| TrainerConfig {
        model: Model::BgadFas,
        evaluate: EvaluateWhen::Each,
        meta_epochs: 2,
        threshold: ThresholdRule::BestF1,
        paste: false,
        mirror,
        ..without_memory()
    };
    let asked = |mirror: Mirror| run(mirrored(mirror), &dataset, Some(&cache));
    let (decided, own) = asked(Mirror::Off);
    assert_eq!(times(&own), [(1, all)].into());
    assert_eq!(asked(Mirror::Off), (decided.clone(), Asked::new()));
    // Mirror images are all that a mirrored run still lacks.
    let (both, of_mirrored) = asked(Mirror::On);
    assert_eq!(times(&of_mirrored), [(1, all)].into());
    assert!(of_mirrored.keys().all(|input| !own.contains_key(input)));
    assert_ne!(both, decided);
    assert_eq!(asked(Mirror::On), (both, Asked::new()));
    assert_eq!(asked(Mirror::Off), (decided.clone(), Asked::new()));

    // A damaged file is made anew, once.
    let file = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap();
    let sound = std::fs::read(file.path()).unwrap();
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(file.path(), damaged).unwrap();
    let (_, anew) = asked(Mirror::On);
    assert_eq!(times(&anew), [(1, 1)].into());
    assert_eq!(std::fs::read(file.path()).unwrap(), sound);
    assert_eq!(asked(Mirror::Off), (decided, Asked::new()));
}

#[test]
fn an_image_that_is_left_out_leaves_no_trace_in_the_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(folder.path());
    dataset.train.retain(|sample| !sample.label.is_abnormal());
    dataset.train.truncate(9);
    // At stride 8 eight images have as many positions as a scaling is taken from: of nine every
    // second one would be.
    let config = TrainerConfig {
        image_size: 512,
        sub_epochs: 1,
        pooled_flows: false,
        ..without_memory()
    };
    // Not the last one: what follows has another number.
    std::fs::write(&dataset.train[3].path, b"no image").unwrap();
    let (left_out, _) = run(config.clone(), &dataset, None);
    dataset.train.remove(3);
    let (of_eight, _) = run(config, &dataset, None);
    assert_eq!(left_out, of_eight);
}
