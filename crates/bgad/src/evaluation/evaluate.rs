//! Evaluation of a detector.

use std::fmt;
use std::sync::Arc;

use bgad_data::Dataset;

use super::options::EvaluationOptions;
use super::result::Evaluation;
use super::scored::Scored;
use super::test_set::TestSet;
use crate::detector::known_anomalies;
use crate::detector::trained_model::Detector;
use crate::error::Result;
use crate::features::store::{FeatureStore, StoreSettings};
use crate::model::likelihoods::LogLikelihoodMaps;

impl Detector {
    /// Evaluates on `dataset`'s test set, without the images that the detector was trained on.
    ///
    /// Images that can't be read are left out and named in the result's warnings.
    ///
    /// # Errors
    /// If a mask can't be read or differs from its image in size, a score is NaN, or the device fails.
    pub fn evaluate(&self, dataset: &Dataset) -> Result<Evaluation> {
        self.evaluate_with(dataset, &EvaluationOptions::default())
    }

    /// Like [`evaluate`](Self::evaluate), with the metrics and options that you choose.
    ///
    /// # Errors
    /// Those of [`evaluate`](Self::evaluate), and an option out of range.
    pub fn evaluate_with(
        &self,
        dataset: &Dataset,
        options: &EvaluationOptions,
    ) -> Result<Evaluation> {
        Ok(self.examine(dataset, options)?.evaluation)
    }

    /// Evaluates and returns all intermediate values.
    pub(crate) fn examine(
        &self,
        dataset: &Dataset,
        options: &EvaluationOptions,
    ) -> Result<Examination> {
        options.check()?;
        let mut dataset = dataset.clone();
        dataset.orient(self.description.config.input.orientation);
        dataset.follow_bit_depth(self.description.config.input.bit_depth);
        dataset.settle_open_masks()?;
        dataset.verify()?;
        let mut warnings = dataset.warnings.clone();
        let trained = &self.description.training_anomalies;
        let samples = known_anomalies::leave_out(dataset.test, trained, &mut warnings);
        let settings = StoreSettings {
            mirrored: self.description.mirrored,
            half_precision: false,
            // Each image is used only once, so keeping its features in memory would not help.
            memory: 0,
        };
        let store = Arc::new(FeatureStore::new(self.extractor(), settings));
        let test = TestSet::read(&samples, &store, &mut warnings, || {})?;
        let maps = test.log_likelihoods(self)?;
        let (mut evaluation, scored) = test.evaluate(&maps, &self.description, options)?;
        evaluation.warnings = warnings;
        Ok(Examination {
            evaluation,
            examined: Examined { test, maps, scored },
        })
    }
}

/// An evaluation and its intermediate values.
pub(crate) struct Examination {
    pub evaluation: Evaluation,
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub examined: Examined,
}

/// The intermediate values of an evaluation.
pub(crate) struct Examined {
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub test: TestSet,
    /// The log-likelihoods of all inputs.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub maps: Vec<LogLikelihoodMaps>,
    /// The scores and maps of all images.
    #[cfg_attr(not(feature = "report"), allow(dead_code))]
    pub scored: Scored,
}

impl fmt::Debug for Examined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examined")
            .field("images", &self.test.images.len())
            .field("inputs", &self.maps.len())
            .finish_non_exhaustive()
    }
}
