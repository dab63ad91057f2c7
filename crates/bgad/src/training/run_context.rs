//! The inputs of a run besides its settings.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bgad_backbone::Backbone;

use super::progress::Progress;
use crate::config::settings::TrainerConfig;
use crate::detector::description::Quantization;
use crate::detector::trained_model::Detector;
#[cfg(feature = "report")]
use crate::evaluation::options::EvaluationOptions;
use crate::model::discriminant::Discriminant;
use crate::scoring::calibration::Calibration;

/// Receives the progress of a run.
pub(crate) type Observer = Arc<dyn Fn(Progress) + Send + Sync>;

/// The settings of a run, and the options that are not settings.
#[derive(Clone)]
pub(crate) struct RunContext {
    pub config: TrainerConfig,
    /// Your own backbone.
    pub backbone: Option<Arc<dyn Backbone>>,
    pub observer: Option<Observer>,
    /// The folder of checkpoints.
    pub checkpoints: Option<PathBuf>,
    /// The folder of features.
    pub features: Option<PathBuf>,
    /// The folder of distances to the memory bank, which must exist.
    pub distances: Option<PathBuf>,
    pub stop: Option<Arc<AtomicBool>>,
    /// What the last evaluation computes, if a report follows.
    #[cfg(feature = "report")]
    pub report: Option<EvaluationOptions>,
    /// The model in bytes, if the run computes its statistics and thresholds again.
    pub quantized: Option<Arc<QuantizedModel>>,
}

/// What a model in bytes takes from the model in single precision.
pub(crate) struct QuantizedModel {
    /// The backbone with products in bytes.
    pub backbone: Arc<dyn Backbone>,
    /// SHA-256 of the weights that it was made from.
    pub checksum: Option<String>,
    pub quantization: Quantization,
    /// What it learned from abnormal images on the usual input, and on the finer one.
    pub defects: LearnedDefects,
    pub finer: Option<LearnedDefects>,
}

/// What a model learned from abnormal images on one input.
pub(crate) struct LearnedDefects {
    pub discriminant: Option<Discriminant>,
    /// The vectors of its known defects, as its memory bank read them.
    pub known_defects: Option<Vec<f32>>,
    /// The weights of known defects, and of likeness among their evidence.
    pub defects_weight: f32,
    pub likeness_weight: f32,
    /// How far they recur.
    pub recurrence: f32,
}

impl LearnedDefects {
    /// What `detector` learned on its usual input, with `calibration` for it.
    pub fn of(detector: &Detector, calibration: &Calibration) -> Self {
        let known = detector.known_defects.as_ref().zip(detector.bank.as_ref());
        Self {
            discriminant: detector.discriminant.clone(),
            known_defects: known.map(|(known, bank)| known.vectors(bank)),
            defects_weight: calibration.defects_weight,
            likeness_weight: calibration.likeness_weight,
            recurrence: calibration.recurrence,
        }
    }
}

impl RunContext {
    pub fn new(config: TrainerConfig) -> Self {
        Self {
            config,
            backbone: None,
            observer: None,
            checkpoints: None,
            features: None,
            distances: None,
            stop: None,
            #[cfg(feature = "report")]
            report: None,
            quantized: None,
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    pub fn tell(&self, progress: Progress) {
        if let Some(observer) = &self.observer {
            observer(progress);
        }
    }
}
