//! What the page needs of a detector, whichever it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bgad::{RgbImage, Sample};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// A trained model that scores images and may learn from corrections.
pub trait Engine: Send + Sync {
    /// What the model says of itself.
    fn model(&self) -> &ModelInfo;

    /// The images of the model's run whose labels are known; none for a model alone.
    fn samples(&self) -> &[Sample];

    /// Reads an image as those of training were read.
    ///
    /// # Errors
    /// When it is no readable image; the sentence stands in its tile.
    fn read(&self, image: &Picture) -> Result<RgbImage>;

    /// Score, decision, map and regions of an image.
    ///
    /// # Errors
    /// An image without pixels, or a device that fails.
    fn predict(&self, image: &RgbImage) -> Result<Finding>;

    /// Makes another model that knows `lesson`, in a folder of its own; this one stays as it is.
    /// Ends early when `stop` becomes true.
    ///
    /// # Errors
    /// When the model can't learn, or learning failed.
    fn learn(
        &self,
        lesson: &Lesson,
        progress: &mut dyn FnMut(Progress),
        stop: &AtomicBool,
    ) -> Result<Learned>;

    /// The model's file, deciding by `threshold` where one is given.
    ///
    /// # Errors
    /// When the file can't be made.
    fn export(&self, threshold: Option<f32>) -> Result<Vec<u8>>;

    /// A page of figures over images whose labels are known.
    ///
    /// # Errors
    /// When there is nothing to evaluate, or an image can't be read.
    fn report(&self, name: &str, samples: Vec<Sample>) -> Result<Vec<u8>>;
}

/// What opens models and runs.
pub trait Engines: Send + Sync {
    /// The model at `path`: a model's file, or the folder of a run.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    fn open(&self, path: &Path) -> Result<Arc<dyn Engine>>;
}

/// Where an image is.
#[derive(Debug, Clone, PartialEq)]
pub enum Picture {
    /// A sample of the model's run, which says how it is read.
    Sample(Sample),
    /// Any other file.
    File(PathBuf),
}

impl Picture {
    /// The image's file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Sample(sample) => &sample.path,
            Self::File(path) => path,
        }
    }
}

/// What a model says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelInfo {
    /// The model's file.
    #[serde(skip)]
    pub file: PathBuf,
    /// The folder of its run, which learning continues from; none for a model alone.
    #[serde(skip)]
    pub run: Option<PathBuf>,
    /// The first digits of the file's SHA-256, in hexadecimal: what is kept of one model is not
    /// taken for another's.
    pub digest: String,
    /// What it is called on the page.
    pub name: String,
    /// `BGAD` or `BGAD-FAS`.
    pub method: String,
    /// The data set's name.
    pub dataset: String,
    /// Images that score above it are anomalous.
    pub threshold: f32,
    /// Whether the threshold is from images that were not trained on.
    pub calibrated: bool,
    /// The share of normal images that the threshold promises to exceed with at most.
    pub promised_rate: Option<f64>,
    /// The scores of the normal images that the threshold is from, in rising order.
    pub normal_scores: Vec<f32>,
    /// How many abnormal images it was trained on.
    pub known_defects: usize,
    /// Whether it can say where a defect is.
    pub has_maps: bool,
}

/// What a model finds on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The image's score; the higher, the more anomalous.
    pub score: f32,
    /// The share of normal images that score as high.
    pub p_value: f64,
    /// The image's width and height in pixels.
    pub size: (u32, u32),
    /// Where it scores high; none for a model that scores whole images.
    pub map: Option<LevelMap>,
    /// Connected places above the threshold of pixels, in pixels of the image.
    pub regions: Vec<FoundRegion>,
}

/// A place that scores above the threshold of pixels, in pixels of the image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FoundRegion {
    /// The left edge of its bounding box.
    pub left: u32,
    /// The upper edge.
    pub top: u32,
    /// The width.
    pub width: u32,
    /// The height.
    pub height: u32,
    /// The highest score in it.
    pub peak: f32,
}

/// A score map in 256 levels that covers the whole image, row-major.
///
/// Levels are tied to the threshold of pixels, so that maps of one model can be compared: 0 is 0.8
/// of it or less, [`LevelMap::THRESHOLD`] the threshold itself, 255 is 1.1 times it or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelMap {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The levels.
    pub levels: Vec<u8>,
}

impl LevelMap {
    /// Pixels of this level or more belong to a defect.
    pub const THRESHOLD: u8 = 171;
}

/// What a model is to learn.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The folder for the new run, which is not there yet.
    pub out: PathBuf,
    /// Images with a defect, each with its mask where there is one.
    pub missed: Vec<(PathBuf, Option<PathBuf>)>,
    /// Images without a defect.
    pub false_alarms: Vec<PathBuf>,
}

/// How far learning is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// From 0 to 1.
    pub progress: f64,
    /// What is being done.
    pub doing: String,
}

/// A value with the earlier model and with the new one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change<T> {
    /// With the earlier model.
    pub before: T,
    /// With the new one.
    pub after: T,
}

/// What has changed by learning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The folder of the new run.
    #[serde(with = "bgad_data::path_text")]
    pub run: PathBuf,
    /// The file of the new model.
    #[serde(with = "bgad_data::path_text")]
    pub model: PathBuf,
    /// The images' threshold.
    pub threshold: Change<f64>,
    /// The promised false-positive rate.
    pub promised_rate: Change<Option<f64>>,
    /// The images that were taught.
    pub taught: Vec<Taught>,
    /// Images of the run on which the models decide differently.
    pub flipped: Vec<Flipped>,
    /// How many images of the run were compared.
    pub images: usize,
    /// How long it took.
    pub seconds: f64,
}

/// An image that was taught.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taught {
    /// The image.
    #[serde(with = "bgad_data::path_text")]
    pub image: PathBuf,
    /// `missed` or `false_alarm`.
    pub kind: String,
    /// Its score.
    pub score: Change<f64>,
    /// Whether it is called anomalous.
    pub abnormal: Change<bool>,
}

/// An image on which two models decide differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flipped {
    /// The image.
    #[serde(with = "bgad_data::path_text")]
    pub image: PathBuf,
    /// `normal` or `abnormal`: what it is.
    pub label: String,
    /// Whether it is called anomalous.
    pub abnormal: Change<bool>,
}
