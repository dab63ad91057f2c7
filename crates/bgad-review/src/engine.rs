//! The interface between the page and any detector.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bgad::{RgbImage, Sample};
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// A trained model that scores images and may learn from corrections.
pub trait Engine: Send + Sync {
    /// The model's description.
    fn model(&self) -> &ModelInfo;

    /// The images of the model's run whose labels are known; empty for a model without a run.
    fn samples(&self) -> &[Sample];

    /// Reads an image in the same way as training images.
    ///
    /// # Errors
    /// If it is not a readable image. Its tile shows the message.
    fn read(&self, image: &Picture) -> Result<RgbImage>;

    /// Score, decision, map and regions of an image.
    ///
    /// # Errors
    /// An image without pixels, or a failing device.
    fn predict(&self, image: &RgbImage) -> Result<Finding>;

    /// Trains another model with `lesson`, in its own folder; this model does not change. Ends early when
    /// `stop` becomes true.
    ///
    /// # Errors
    /// If the model can't learn, or learning failed.
    fn learn(
        &self,
        lesson: &Lesson,
        progress: &mut dyn FnMut(Progress),
        stop: &AtomicBool,
    ) -> Result<Learned>;

    /// The bytes of the model's file, with this `threshold` if there is one.
    ///
    /// # Errors
    /// If the file can't be made.
    fn export(&self, threshold: Option<f32>) -> Result<Vec<u8>>;

    /// An HTML report over images whose labels are known, at this `threshold` or else at the model's own.
    ///
    /// # Errors
    /// If there is nothing to evaluate, or an image can't be read.
    fn report(&self, name: &str, samples: Vec<Sample>, threshold: Option<f32>) -> Result<Vec<u8>>;
}

/// Opens models and runs.
pub trait Engines: Send + Sync {
    /// Opens the model at `path`, which is a model file or the folder of a run.
    ///
    /// # Errors
    /// If there is none, or it can't be read.
    fn open(&self, path: &Path) -> Result<Arc<dyn Engine>>;
}

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Picture {
    /// A sample of the model's run, which knows how to read it.
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

/// A model's description.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelInfo {
    /// The model's file.
    #[serde(skip)]
    pub file: PathBuf,
    /// The folder of its run, which learning continues from; `None` for a model without a run.
    #[serde(skip)]
    pub run: Option<PathBuf>,
    /// The first digits of the file's SHA-256 in hexadecimal. They keep stored scores of different models
    /// apart.
    pub digest: String,
    /// Its name on the page.
    pub name: String,
    /// `BGAD` or `BGAD-FAS`.
    pub method: String,
    /// The data set's name.
    pub dataset: String,
    /// Images that score above it are anomalous; `None` if too few normal images were trained on to choose
    /// one.
    pub threshold: Option<f32>,
    /// Whether the threshold comes from images that were not used for training.
    pub calibrated: bool,
    /// The threshold promises that, on average, at most this share of normal images scores above it.
    pub promised_rate: Option<f64>,
    /// The scores of the normal images that determined the threshold, in rising order.
    pub normal_scores: Vec<f32>,
    /// How many abnormal images it was trained on.
    pub known_defects: usize,
    /// Whether it can show where a defect is.
    pub has_maps: bool,
    /// Whether its maps show what is too much; otherwise they only show where an image scores highest.
    pub has_map_threshold: bool,
}

/// What a model finds in an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The image's score; higher is more anomalous.
    pub score: f32,
    /// The share of normal images that score at least as high.
    pub p_value: f64,
    /// The image's width and height in pixels.
    pub size: (u32, u32),
    /// Where it scores high; `None` for a model that scores whole images only.
    pub map: Option<LevelMap>,
    /// Connected regions above the pixel threshold, in pixels of the image.
    pub regions: Vec<FoundRegion>,
}

/// A region that scores above the pixel threshold, in pixels of the image.
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

/// A score map of the whole image in 256 levels, row-major.
///
/// Levels depend on the pixel threshold, so that maps of one model can be compared: 0 is 0.8 times the
/// threshold or less, [`LevelMap::THRESHOLD`] is the threshold, and 255 is 1.1 times the threshold or more.
/// Without a threshold, all levels are below [`LevelMap::THRESHOLD`], and the map's highest score has the
/// highest of them.
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
    /// Pixels with this level or more belong to a defect.
    pub const THRESHOLD: u8 = 171;
}

/// What a model should learn.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// The folder for the new run, which does not exist yet.
    pub out: PathBuf,
    /// Images with a defect, each with its mask if there is one.
    pub missed: Vec<(PathBuf, Option<PathBuf>)>,
    /// Images without a defect.
    pub false_alarms: Vec<PathBuf>,
}

/// The progress of learning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// From 0 to 1.
    pub progress: f64,
    /// The current step.
    pub doing: String,
}

/// A value under the earlier model and under the new one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Change<T> {
    /// Under the earlier model.
    pub before: T,
    /// Under the new model.
    pub after: T,
}

/// What learning changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The folder of the new run.
    #[serde(with = "bgad_data::path_text")]
    pub run: PathBuf,
    /// The file of the new model.
    #[serde(with = "bgad_data::path_text")]
    pub model: PathBuf,
    /// The image threshold; `None` for a model that has none.
    pub threshold: Change<Option<f64>>,
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
    /// Whether it is called anomalous; `None` without a threshold.
    pub abnormal: Change<Option<bool>>,
}

/// An image on which two models decide differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flipped {
    /// The image.
    #[serde(with = "bgad_data::path_text")]
    pub image: PathBuf,
    /// `normal` or `abnormal`: what it is.
    pub label: String,
    /// Its score; `None` in lessons of an earlier version.
    #[serde(default)]
    pub score: Option<Change<f64>>,
    /// Whether it is called anomalous; `None` without a threshold.
    pub abnormal: Change<Option<bool>>,
}
