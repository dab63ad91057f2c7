//! How often the backbone runs.

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

/// How often each input was requested, keyed by a hash of its values.
type Asked = BTreeMap<u64, usize>;

/// Counts its requests.
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
        // An input of zeros is the check of its contract.
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

/// The default method with all its statistics; all normal images form one batch.
fn settings() -> TrainerConfig {
    common::settings().with(|config| {
        config.model = Model::Bgad;
        config.schedule.evaluate = EvaluateWhen::Never;
        config.schedule.batch_size = NORMAL;
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 2;
    })
}

fn without_memory() -> TrainerConfig {
    settings().with(|config| config.features.memory.bytes = 0)
}

/// The model's decisions, and how often each input was requested.
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

/// How many inputs were requested how often.
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
    // One pass for all statistics, one for the contexts, which need the memory bank, and the batch itself; then the
    // second epoch's.
    assert_eq!(
        after_each_batch,
        [[(3, NORMAL)].into(), [(4, NORMAL)].into()]
    );
    // One more pass for the scoring constants.
    assert_eq!(times(&backbone.asked()), [(5, NORMAL)].into());
    let (in_memory, _) = run(settings(), &dataset, None);
    assert_eq!(decisions(&training), in_memory);
}

#[test]
fn the_mirror_decision_requests_each_mirror_image_once() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path());
    let of_images = |config: TrainerConfig| {
        config.with(|config| {
            config.granularity = Some(Granularity::Image);
            config.scoring.mirror = Mirror::Auto;
        })
    };
    let (decided, asked) = run(of_images(without_memory()), &dataset, None);
    assert_eq!(times(&asked), [(1, NORMAL), (5, NORMAL)].into());
    let (in_memory, asked) = run(of_images(settings()), &dataset, None);
    assert_eq!(times(&asked), [(1, 2 * NORMAL)].into());
    assert_eq!(decided, in_memory);
}

#[test]
fn with_memory_each_image_is_asked_for_once_in_all() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path());
    let all = dataset.train.len() + dataset.test.len();
    let config = settings().with(|config| {
        config.model = Model::BgadFas;
        config.schedule.evaluate = EvaluateWhen::Each;
        config.schedule.meta_epochs = 3;
        config.scoring.threshold = ThresholdRule::BestF1;
        config.abnormal.paste = false;
    });
    let (_, asked) = run(config.clone(), &dataset, None);
    assert_eq!(times(&asked), [(1, all)].into());
    // Pasted images are always new: one per abnormal image in each of the four epochs after the first
    // meta-epoch.
    let (_, asked) = run(
        config.with(|config| config.abnormal.paste = true),
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
    let mirrored = |mirror: Mirror| {
        without_memory().with(|config| {
            config.model = Model::BgadFas;
            config.schedule.evaluate = EvaluateWhen::Each;
            config.schedule.meta_epochs = 2;
            config.scoring.threshold = ThresholdRule::BestF1;
            config.abnormal.paste = false;
            config.scoring.mirror = mirror;
        })
    };
    let asked = |mirror: Mirror| run(mirrored(mirror), &dataset, Some(&cache));
    let (decided, own) = asked(Mirror::Off);
    assert_eq!(times(&own), [(1, all)].into());
    assert_eq!(asked(Mirror::Off), (decided.clone(), Asked::new()));
    // Only mirror images are missing for a mirrored run.
    let (both, of_mirrored) = asked(Mirror::On);
    assert_eq!(times(&of_mirrored), [(1, all)].into());
    assert!(of_mirrored.keys().all(|input| !own.contains_key(input)));
    assert_ne!(both, decided);
    assert_eq!(asked(Mirror::On), (both, Asked::new()));
    assert_eq!(asked(Mirror::Off), (decided.clone(), Asked::new()));

    // A damaged file is written again, once.
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
    // At stride 8, eight images have as many positions as a scaling uses; of nine images it would use every
    // second position.
    let config = without_memory().with(|config| {
        config.input.image_size = Some(512);
        config.schedule.sub_epochs = 1;
        config.pooled.flows = false;
    });
    // Not the last one, so that the following ones get other numbers.
    std::fs::write(&dataset.train[3].path, b"no image").unwrap();
    let (left_out, _) = run(config.clone(), &dataset, None);
    dataset.train.remove(3);
    let (of_eight, _) = run(config, &dataset, None);
    assert_eq!(left_out, of_eight);
}
