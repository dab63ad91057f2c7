//! Metrics of a detector on a test set.

use std::path::PathBuf;

use bgad_data::{Dataset, Mask};
use bgad_metrics::{LabelledMap, MetricError};
use rayon::prelude::*;
use serde::Serialize;

use crate::Result;
use crate::config::Granularity;
use crate::detector::Detector;
use crate::flows::LogLikelihoodMaps;
use crate::images::load_mask;
use crate::scoring::{Calibration, ScoreMap};
use crate::training_set::KeptFeatures;

/// The false-positive rate up to which AUPRO is taken.
pub const AUPRO_LIMIT: f64 = 0.3;

/// The three metrics that the paper reports; none where they can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct PaperMetrics {
    /// AUROC of the images' scores.
    pub image_auroc: Option<f64>,
    /// AUROC of the pixels' scores.
    pub pixel_auroc: Option<f64>,
    /// Area under the per-region-overlap curve up to a false-positive rate of 0.3.
    pub aupro: Option<f64>,
}

/// One image's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageResult {
    /// The file.
    pub path: PathBuf,
    /// Its defect type, `good` for normal images.
    pub defect_type: String,
    /// Whether it is abnormal.
    pub abnormal: bool,
    /// Its score.
    pub score: f32,
}

/// How well a detector does on a test set; none where a figure can't be had.
///
/// Scores are the deployed ones: each image's depends on that image alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// AUROC of the images' scores.
    pub image_auroc: Option<f64>,
    /// AUROC of the pixels' scores.
    pub pixel_auroc: Option<f64>,
    /// Area under the per-region-overlap curve up to a false-positive rate of 0.3, exact.
    pub aupro: Option<f64>,
    /// Average precision of the images' scores.
    pub image_ap: Option<f64>,
    /// Average precision of the pixels' scores.
    pub pixel_ap: Option<f64>,
    /// The best F1 of the images' scores.
    pub image_f1: Option<f64>,
    /// The threshold of the best F1.
    pub image_f1_threshold: Option<f32>,
    /// The number of images that were evaluated.
    pub images: usize,
    /// The same metrics with the constants of scoring taken over the test set itself, as the
    /// authors' program does.
    pub paper_protocol: PaperMetrics,
    /// Each image's score, in the data set's order.
    #[serde(skip)]
    pub results: Vec<ImageResult>,
    /// What was left out and why, one sentence each.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// A test set with the masks that metrics need.
pub(crate) struct TestSet {
    pub images: KeptFeatures,
    /// Masks at the size of the score maps; none for an abnormal image that has none.
    masks: Vec<Option<Mask>>,
    has_masks: bool,
}

impl TestSet {
    /// Reads the masks of `images`.
    pub fn new(images: KeptFeatures, size: u32, warnings: &mut Vec<String>) -> Result<Self> {
        let has_masks = images.samples.iter().any(|sample| sample.mask.is_some());
        let masks = images.samples.par_iter().map(|sample| {
            let missing = sample.label.is_abnormal() && sample.mask.is_none();
            if !has_masks || missing {
                return Ok(None);
            }
            // Only a mask that is there has a size of its own; normal ones are empty at any.
            Ok(Some(load_mask(sample, size, size)?.resize(size, size)))
        });
        let masks: Vec<Option<Mask>> = masks.collect::<Result<_>>()?;
        let missing = masks.iter().filter(|mask| mask.is_none()).count();
        if has_masks && missing > 0 {
            warnings.push(format!(
                "{missing} abnormal test images have no mask: they count in image metrics, not in \
                 pixel metrics"
            ));
        }
        Ok(Self {
            images,
            masks,
            has_masks,
        })
    }

    /// The log-likelihoods of all images.
    pub fn log_likelihoods(&self, detector: &Detector) -> Result<Vec<LogLikelihoodMaps>> {
        log_likelihoods(&self.images, detector)
    }

    /// The metrics of scores under `calibration`.
    fn metrics(
        &self,
        maps: &[LogLikelihoodMaps],
        calibration: &Calibration,
        granularity: Granularity,
        size: usize,
    ) -> Result<Scored> {
        let scored: Vec<(f32, Option<ScoreMap>)> = maps
            .par_iter()
            .map(|maps| calibration.score(maps, granularity, size))
            .collect();
        let scores: Vec<f32> = scored.iter().map(|(score, _)| *score).collect();
        let abnormal = self.images.samples.iter().map(|s| s.label.is_abnormal());
        let abnormal: Vec<bool> = abnormal.collect();
        let best = had(bgad_metrics::best_f1(&scores, &abnormal))?;
        let mut metrics = Scored {
            paper: PaperMetrics {
                image_auroc: had(bgad_metrics::auroc(&scores, &abnormal))?,
                ..PaperMetrics::default()
            },
            image_ap: had(bgad_metrics::average_precision(&scores, &abnormal))?,
            best,
            pixel_maps: scored.into_iter().map(|(_, map)| map).collect(),
            scores,
        };
        if self.has_masks && granularity == Granularity::Pixel {
            let labelled = self.labelled(&metrics.pixel_maps);
            metrics.paper.pixel_auroc = had(bgad_metrics::pixel_auroc(&labelled))?;
            metrics.paper.aupro = had(bgad_metrics::aupro(&labelled, AUPRO_LIMIT))?;
        }
        Ok(metrics)
    }

    fn labelled<'a>(&'a self, maps: &'a [Option<ScoreMap>]) -> Vec<LabelledMap<'a>> {
        let pairs = maps.iter().zip(&self.masks);
        pairs
            .filter_map(|(map, mask)| {
                let (map, mask) = (map.as_ref()?, mask.as_ref()?);
                Some(LabelledMap {
                    width: map.width,
                    height: map.height,
                    scores: &map.values,
                    mask: mask.pixels(),
                })
            })
            .collect()
    }

    /// All metrics from the images' log-likelihoods.
    pub fn evaluate(
        &self,
        maps: &[LogLikelihoodMaps],
        calibration: &Calibration,
        granularity: Granularity,
        size: usize,
    ) -> Result<Evaluation> {
        let deployed = self.metrics(maps, calibration, granularity, size)?;
        let pixel_ap = match self.has_masks && granularity == Granularity::Pixel {
            true => had(bgad_metrics::pixel_average_precision(
                &self.labelled(&deployed.pixel_maps),
            ))?,
            false => None,
        };
        let set_wide = Calibration::over(maps, size);
        let set_wide = self.metrics(maps, &set_wide, granularity, size)?;
        let results = self.images.samples.iter().zip(&deployed.scores);
        let results = results.map(|(sample, score)| ImageResult {
            path: sample.path.clone(),
            defect_type: sample.defect_type.clone(),
            abnormal: sample.label.is_abnormal(),
            score: *score,
        });
        Ok(Evaluation {
            image_auroc: deployed.paper.image_auroc,
            pixel_auroc: deployed.paper.pixel_auroc,
            aupro: deployed.paper.aupro,
            image_ap: deployed.image_ap,
            pixel_ap,
            image_f1: deployed.best.map(|best| best.f1),
            image_f1_threshold: deployed.best.map(|best| best.threshold),
            images: self.images.len(),
            paper_protocol: set_wide.paper,
            results: results.collect(),
            warnings: Vec::new(),
        })
    }
}

struct Scored {
    paper: PaperMetrics,
    image_ap: Option<f64>,
    best: Option<bgad_metrics::BestF1>,
    pixel_maps: Vec<Option<ScoreMap>>,
    scores: Vec<f32>,
}

/// A metric, or none where the set has only one class or no regions; other errors stay errors.
fn had<T>(metric: std::result::Result<T, MetricError>) -> Result<Option<T>> {
    match metric {
        Ok(value) => Ok(Some(value)),
        Err(MetricError::OnlyOneClass { .. } | MetricError::NoRegions | MetricError::Empty) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The log-likelihoods of `images`, each computed alone, on all cores.
pub(crate) fn log_likelihoods(
    images: &KeptFeatures,
    detector: &Detector,
) -> Result<Vec<LogLikelihoodMaps>> {
    let extractor = detector.extractor();
    (0..images.len())
        .into_par_iter()
        .map(|index| detector.maps_of(&images.features(index, &extractor)?))
        .collect()
}

impl Detector {
    /// Evaluates on `dataset`'s test set, less the images that the detector was trained on.
    ///
    /// Images that can't be read are left out and named in the result's warnings.
    ///
    /// # Errors
    /// When a mask can't be read or has another size than its image, or the device fails.
    pub fn evaluate(&self, dataset: &Dataset) -> Result<Evaluation> {
        dataset.verify()?;
        let mut warnings = dataset.warnings.clone();
        let trained = &self.description.training_anomalies;
        let (seen, samples): (Vec<_>, Vec<_>) = dataset.test.iter().cloned().partition(|sample| {
            sample.label.is_abnormal() && trained.contains(&anomaly_name(sample))
        });
        if !seen.is_empty() {
            warnings.push(format!(
                "{} test images that the model was trained on are not counted",
                seen.len()
            ));
        }
        // Each image is used once: nothing is kept.
        let extractor = self.extractor();
        let images = KeptFeatures::read(samples, &extractor, &mut 0, &mut warnings, || {});
        let size = self.description.config.image_size;
        let test = TestSet::new(images, size, &mut warnings)?;
        let maps = test.log_likelihoods(self)?;
        let description = &self.description;
        let mut evaluation = test.evaluate(
            &maps,
            &description.calibration,
            description.granularity,
            self.map_size(),
        )?;
        evaluation.warnings = warnings;
        Ok(evaluation)
    }
}

/// How a model remembers an abnormal training image: `TYPE/NAME`, wherever the set lies.
pub(crate) fn anomaly_name(sample: &bgad_data::Sample) -> String {
    format!("{}/{}", sample.defect_type, sample.name())
}
