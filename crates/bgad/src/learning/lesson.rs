//! A lesson: images that a model decided wrongly.

use std::path::PathBuf;

use bgad_data::{MaskValues, Region};

use crate::error::{Error, Result};

/// Images that a model decided wrongly, for [`Trainer::learn`](crate::Trainer::learn).
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
    /// Images with defects that the model missed.
    pub missed: Vec<MissedDefect>,
    /// Normal images that it called anomalous.
    pub false_alarms: Vec<PathBuf>,
    /// Which mask values mark a defect. [`MaskValues::Auto`] uses the rule by which the run reads its own
    /// masks. If that rule marks no pixel in one of the lesson's masks, it derives a rule from all of the
    /// lesson's masks.
    pub mask_values: MaskValues,
    /// Whether to write a report for the new run if it has test images.
    pub report: bool,
}

impl Default for Lesson {
    /// An empty lesson, with a report.
    fn default() -> Self {
        Self {
            missed: Vec::new(),
            false_alarms: Vec::new(),
            mask_values: MaskValues::Auto,
            report: true,
        }
    }
}

/// An image with a defect that the model missed.
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
    /// Anywhere in the image; the whole image is taught as abnormal.
    #[default]
    Unknown,
    /// At the pixels that this mask file marks; it has the image's size.
    Mask(PathBuf),
    /// In this rectangle, in pixels of the image.
    Box(Region),
}

impl Lesson {
    /// Adds an image whose defect the model missed.
    pub fn missed(mut self, image: impl Into<PathBuf>, place: DefectPlace) -> Self {
        let image = image.into();
        self.missed.push(MissedDefect { image, place });
        self
    }

    /// Adds a normal image that the model called anomalous.
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
    /// [`Error::Input`] if the lesson is empty.
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
