//! What is needed to make the gallery's heat maps.

use bgad_data::Orientation;

use crate::config::image_fit::Fit;
use crate::evaluation::result::Evaluation;
use crate::input::view::Views;
use crate::scoring::calibration::Calibration;

/// Converts log-likelihoods to the gallery's heat maps.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Scoring {
    pub calibration: Calibration,
    /// Width and height of inputs, in pixels.
    pub size: u32,
    /// How images become inputs; reports of an earlier version always stretched them.
    #[serde(default)]
    pub fit: Fit,
    #[serde(default)]
    pub orientation: Orientation,
    pub threshold: f32,
    pub pixel_threshold: Option<f32>,
}

impl Scoring {
    /// The inputs of each image.
    pub fn views(&self, evaluation: &Evaluation) -> Vec<Views> {
        let sizes = evaluation.results.iter();
        let sizes = sizes.map(|result| (result.width, result.height));
        sizes.map(|size| self.fit.views(size, self.size)).collect()
    }
}
