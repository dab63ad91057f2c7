//! A model's scores of single images, with features and distances that are stored on disk.

use std::path::Path;

use bgad_data::Sample;
use rayon::prelude::*;

use crate::detector::trained_model::Detector;
use crate::error::Result;
use crate::features::store::{FeatureStore, StoreSettings};
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::scoring::image_likelihoods::ImageLikelihoods;

/// Scores images as [`Detector::predict`] does. Two models with the same backbone share the features in a
/// folder, so that each image is read only once.
pub(super) struct Scorer<'a> {
    detector: &'a Detector,
    store: FeatureStore,
}

impl<'a> Scorer<'a> {
    /// A scorer that keeps features in the folder `features`, if there is one.
    ///
    /// # Errors
    /// If the folder can't be created.
    pub fn new(detector: &'a Detector, features: Option<&Path>) -> Result<Self> {
        let settings = StoreSettings {
            mirrored: detector.description.mirrored,
            half_precision: false,
            memory: 0,
        };
        let mut store = FeatureStore::new(detector.extractor(), settings);
        if let Some(folder) = features {
            let checksum = detector.description.backbone_checksum.as_deref();
            store.keep_in(folder, checksum)?;
        }
        Ok(Self { detector, store })
    }

    /// The image's score.
    ///
    /// # Errors
    /// If the image can't be read, or the device fails.
    pub fn score(&self, sample: &Sample) -> Result<f32> {
        let format = self.store.exact_format();
        let of_input = |input: Sample| {
            let features = self.store.features_of(&input, format)?;
            self.detector.maps_of(&features)
        };
        let calibration = &self.detector.description.calibration;
        let image = self.store.cut_one(sample);
        let inputs: Vec<Sample> = image.inputs().collect();
        let maps = inputs.into_par_iter().map(of_input);
        let maps: Vec<LogLikelihoodMaps> = maps.collect::<Result<_>>()?;
        let likelihoods = ImageLikelihoods {
            views: &image.views,
            inputs: &maps,
        };
        Ok(calibration.score_of(likelihoods).0)
    }
}
