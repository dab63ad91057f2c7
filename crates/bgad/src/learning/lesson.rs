//! What a model is taught.

use std::path::PathBuf;

use bgad_data::{MaskValues, Region};

use crate::error::{Error, Result};

/// Images that a model decided wrongly about.
///
/// ```
/// use bgad::{DefectPlace, Lesson};
///
/// let lesson = Lesson::default()
///     .missed("line/0107.png", DefectPlace::Mask("line/0107_mask.png".into()))
///     .false_alarm("line/0112.png");
/// assert_eq!(lesson.missed.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// Defects that the model has not seen.
    pub missed: Vec<MissedDefect>,
    /// Normal images that it called anomalous.
    pub false_alarms: Vec<PathBuf>,
    /// Which values of the masks mark a defect. [`MaskValues::Auto`] takes the rule by which the run reads its
    /// own masks, or, where that marks nothing in one of them, the one that the lesson's masks show together.
    pub mask_values: MaskValues,
    /// Whether the new run gets a report, where it has test images.
    pub report: bool,
}

impl Default for Lesson {
    /// Nothing yet, with a report.
    fn default() -> Self {
        Self {
            missed: Vec::new(),
            false_alarms: Vec::new(),
            mask_values: MaskValues::Auto,
            report: true,
        }
    }
}

/// An image with a defect that the model has not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedDefect {
    /// The image's file.
    pub image: PathBuf,
    /// Where the defect is.
    pub place: DefectPlace,
}

/// Where a defect is.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DefectPlace {
    /// Somewhere: the whole image is abnormal.
    #[default]
    Unknown,
    /// Where this file, an image of the same size, is marked.
    Mask(PathBuf),
    /// In a rectangle, in pixels of the image.
    Box(Region),
}

impl Lesson {
    /// Adds an image with a defect that was missed.
    pub fn missed(mut self, image: impl Into<PathBuf>, place: DefectPlace) -> Self {
        let image = image.into();
        self.missed.push(MissedDefect { image, place });
        self
    }

    /// Adds a normal image that was called anomalous.
    pub fn false_alarm(mut self, image: impl Into<PathBuf>) -> Self {
        self.false_alarms.push(image.into());
        self
    }

    /// All images, the missed ones first.
    pub(super) fn images(&self) -> impl Iterator<Item = &PathBuf> {
        let missed = self.missed.iter().map(|missed| &missed.image);
        missed.chain(&self.false_alarms)
    }

    /// # Errors
    /// [`Error::Input`] where there is nothing to teach.
    pub(super) fn check(&self) -> Result<()> {
        match self.images().next() {
            Some(_) => Ok(()),
            None => Err(Error::input(
                "lesson",
                "no image",
                "a missed defect (--missed) or a false alarm (--false-alarm)",
            )),
        }
    }
}
