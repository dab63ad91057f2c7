//! What a batch of images holds.

use bgad_data::Mask;

use crate::features::image_features::ImageFeatures;

/// One image of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// A normal training image.
    Normal(usize),
    /// An abnormal training image as it is.
    Abnormal(usize),
    /// A fresh CutPaste sample of an abnormal training image; the second number tells the samples
    /// of one epoch apart.
    Pasted(usize, u64),
}

/// An image of a batch with its features.
pub(crate) struct BatchImage {
    pub features: ImageFeatures,
    /// Whether it shows a defect.
    pub abnormal: bool,
    /// Where, at the size of the input; none for a normal image, and for an abnormal one of which
    /// that is not known.
    pub mask: Option<Mask>,
}
