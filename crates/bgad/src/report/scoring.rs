//! What is needed to make the gallery's heat maps.

use bgad_data::Orientation;

use crate::config::image_fit::Fit;
use crate::config::input::map_size;
use crate::evaluation::result::Evaluation;
use crate::input::view::Views;
use crate::scoring::calibration::Calibration;

/// Converts log-likelihoods to the gallery's heat maps.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Scoring {
    pub calibration: Calibration,
    /// Width and height of inputs, in pixels.
    pub size: u32,
    /// Those of finer inputs, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finer: Option<u32>,
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
        self.views_of(evaluation, self.size)
    }

    /// The finer input of each image, if there are any.
    pub fn finer_views(&self, evaluation: &Evaluation) -> Option<Vec<Views>> {
        self.finer.map(|size| self.views_of(evaluation, size))
    }

    fn views_of(&self, evaluation: &Evaluation, size: u32) -> Vec<Views> {
        let images = evaluation.results.iter();
        let images = images.map(|result| (result.width, result.height));
        let map_size = map_size(self.size, self.finer);
        let views = images.map(|image| self.fit.views(image, size).on_map(map_size));
        views.collect()
    }
}
