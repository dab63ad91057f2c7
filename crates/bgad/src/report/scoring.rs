//! What the gallery's heat maps are made with.

use bgad_data::Orientation;

use crate::config::image_fit::Fit;
use crate::evaluation::result::Evaluation;
use crate::input::view::Views;
use crate::scoring::calibration::Calibration;

/// What turns log-likelihoods into the gallery's heat maps.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Scoring {
    pub calibration: Calibration,
    /// Width and height of inputs, in pixels.
    pub size: u32,
    /// How images become inputs; reports of an earlier version know one way.
    #[serde(default)]
    pub fit: Fit,
    #[serde(default)]
    pub orientation: Orientation,
    pub threshold: f32,
    pub pixel_threshold: Option<f32>,
}

impl Scoring {
    /// What the inputs of each image show.
    pub fn views(&self, evaluation: &Evaluation) -> Vec<Views> {
        let sizes = evaluation.results.iter();
        let sizes = sizes.map(|result| (result.width, result.height));
        sizes.map(|size| self.fit.views(size, self.size)).collect()
    }
}
