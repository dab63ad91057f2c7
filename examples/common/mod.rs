//! Shared code of the data set examples: the command line, drawn parts if no folder is given, and one
//! training run with its metrics.
#![allow(dead_code, clippy::print_stdout, clippy::print_stderr)] // each example uses some of it

use std::fs;
use std::path::{Path, PathBuf};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    Dataset, Detector, EvaluateWhen, EvaluationOptions, Layout, Model, Progress, Sample, Trainer,
    TrainerConfig, Training,
};

pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// `[FOLDER [CATEGORY]] [WEIGHTS]`: a data set, or none for a small drawn one; timm weights in a file named
/// after their architecture, or none for the filter bank.
pub struct Example {
    name: &'static str,
    pub folder: PathBuf,
    pub category: Option<String>,
    weights: Option<PathBuf>,
    is_drawn: bool,
}

impl Example {
    /// Reads the command line; without a folder, `lay_out` copies drawn parts to one.
    pub fn new(
        name: &'static str,
        lay_out: impl FnOnce(&Dataset, &Path) -> Result,
    ) -> Result<Self> {
        let is_weights =
            |argument: &String| argument.ends_with(".safetensors") || argument.ends_with(".pth");
        let (weights, places): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(is_weights);
        let mut places = places.into_iter();
        let given = places.next().map(PathBuf::from);
        let example = Self {
            name,
            is_drawn: given.is_none(),
            folder: given.unwrap_or_else(|| Path::new("out").join(name).join(name)),
            category: places.next(),
            weights: weights.into_iter().next().map(PathBuf::from),
        };
        if example.is_drawn {
            if example.folder.exists() {
                fs::remove_dir_all(&example.folder)?;
            }
            lay_out(&draw(&example.out().join("drawn"))?, &example.folder)?;
        }
        Ok(example)
    }

    /// Where the example writes its files.
    pub fn out(&self) -> PathBuf {
        Path::new("out").join(self.name)
    }

    /// The default settings with the given weights; a short run for drawn parts.
    pub fn settings(&self, model: Model) -> TrainerConfig {
        let mut config = match self.is_drawn {
            true => short(model),
            false => TrainerConfig::default().with(|config| {
                config.model = model;
                config.schedule.evaluate = EvaluateWhen::Last;
            }),
        };
        if let Some(weights) = &self.weights {
            let name = weights.file_stem().unwrap_or_default();
            config.backbone.name = name.to_string_lossy().into_owned();
            config.backbone.weights = Some(weights.clone());
        }
        config
    }

    /// Trains, saves the model, and prints the metrics of the test images.
    pub fn train(&self, dataset: &Dataset, config: TrainerConfig) -> Result<Training> {
        let training = Trainer::new(config)
            .observed_by(|progress| {
                if let Progress::MetaEpoch(epoch) = progress {
                    eprintln!("meta-epoch {} is over", epoch.meta_epoch);
                }
            })
            .run(dataset)?;
        training.detector.save(&self.out().join("model.bgad"))?;
        let evaluation = training.evaluation.as_ref().ok_or("no test images")?;
        let metrics = [
            ("image AUROC", evaluation.image_auroc),
            ("pixel AUROC", evaluation.pixel_auroc),
            ("AUPRO", evaluation.aupro),
        ];
        print!("{}: {} test images", dataset.name, evaluation.images);
        for (metric, value) in metrics {
            print!(", {metric} {}", number(value));
        }
        println!();
        Ok(training)
    }
}

/// Settings that take seconds instead of giving good results.
pub fn short(model: Model) -> TrainerConfig {
    TrainerConfig::default().with(|config| {
        config.model = model;
        config.input.image_size = Some(64);
        config.flow.coupling_blocks = 2;
        config.flow.position_dimension = 16;
        config.schedule.meta_epochs = 2;
        config.schedule.sub_epochs = 1;
        config.schedule.image_steps = 10;
        config.schedule.evaluate = EvaluateWhen::Last;
    })
}

/// Draws a few parts, some with defects, as a set in MVTec AD's layout.
pub fn draw(folder: &Path) -> Result<Dataset> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 12,
        test_images: 4,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts)?;
    Ok(Layout::Mvtec.read(folder, None)?)
}

/// The normal and the abnormal samples of a set.
pub fn by_label(dataset: &Dataset) -> (Vec<&Sample>, Vec<&Sample>) {
    dataset
        .samples()
        .partition(|sample| !sample.label.is_abnormal())
}

/// Copies images, numbered, to `folder`.
pub fn copy(samples: &[&Sample], folder: &Path) -> Result {
    fs::create_dir_all(folder)?;
    for (index, sample) in samples.iter().enumerate() {
        fs::copy(&sample.path, folder.join(format!("{index:03}.png")))?;
    }
    Ok(())
}

/// Copies masks to `folder`, numbered like their images.
pub fn copy_masks(samples: &[&Sample], folder: &Path, suffix: &str) -> Result {
    fs::create_dir_all(folder)?;
    for (index, sample) in samples.iter().enumerate() {
        for mask in sample.mask.iter().flat_map(|files| files.paths()) {
            fs::copy(mask, folder.join(format!("{index:03}{suffix}.png")))?;
        }
    }
    Ok(())
}

/// Arranges images like MVTec AD and BTAD, in folders named by their labels.
pub fn split_folders(
    parts: &Dataset,
    folder: &Path,
    [good, bad]: [&str; 2],
    mask_suffix: &str,
) -> Result {
    let (normal, abnormal) = by_label(parts);
    copy(&normal[4..], &folder.join("train").join(good))?;
    copy(&normal[..4], &folder.join("test").join(good))?;
    copy(&abnormal, &folder.join("test").join(bad))?;
    copy_masks(
        &abnormal,
        &folder.join("ground_truth").join(bad),
        mask_suffix,
    )
}

/// Prints the metrics of each defect type.
pub fn print_types(detector: &Detector, dataset: &Dataset) -> Result {
    let options = EvaluationOptions {
        by_defect_type: true,
        ..EvaluationOptions::default()
    };
    for defects in detector.evaluate_with(dataset, &options)?.by_defect_type {
        let (auroc, aupro) = (number(defects.image_auroc), number(defects.aupro));
        let (name, images) = (defects.defect_type, defects.images);
        println!("{name}: {images} images, image AUROC {auroc}, AUPRO {aupro}");
    }
    Ok(())
}

/// A metric, or a dash if it is undefined.
pub fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.3}"))
}
