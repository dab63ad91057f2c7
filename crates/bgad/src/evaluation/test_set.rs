//! A test set, and a detector's metrics on it.

use std::sync::Arc;

use bgad_data::{Label, Mask, Sample};
use bgad_metrics::{LabelledMap, MetricError};
use rayon::prelude::*;

use super::decide::decisions;
use super::measure::{Labelled, measure, paper_metrics};
use super::options::EvaluationOptions;
use super::result::{Evaluation, ImageResult};
use super::scored::Scored;
use crate::detector::description::ModelDescription;
use crate::detector::trained_model::Detector;
use crate::error::Result;
use crate::features::store::FeatureStore;
use crate::features::stored_images::StoredImages;
use crate::input::preparation::load_mask;
use crate::input::tiled_images::{CutImage, InputsLeft, SetImage};
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::scoring::calibration::Calibration;
use crate::scoring::image_likelihoods::of_images;
use crate::scoring::score_map::ScoreMap;

/// A test set with the masks that metrics need.
pub(crate) struct TestSet {
    /// The inputs that the images are cut into.
    pub inputs: StoredImages,
    pub images: Vec<SetImage>,
    /// Masks at the size of the score maps; `None` for an abnormal image without a mask.
    masks: Vec<Option<Mask>>,
    has_masks: bool,
}

impl TestSet {
    /// Reads images and masks. Unreadable images are left out, each with a warning. Features are kept if
    /// `store` has room for them. Calls `done` once per image.
    pub fn read(
        samples: &[Sample],
        store: &Arc<FeatureStore>,
        warnings: &mut Vec<String>,
        done: impl Fn() + Sync,
    ) -> Result<Self> {
        let cut = store.cut(samples);
        let inputs = cut.iter().flat_map(CutImage::inputs).collect();
        let left = InputsLeft::of(&cut);
        let last = |input| {
            if left.is_last(input) {
                done();
            }
        };
        let mut inputs = StoredImages::new(store, store.exact_format(), inputs);
        inputs.read(&mut [], warnings, last)?;
        let images = SetImage::of(cut, &inputs.samples);
        let has_masks = images.iter().any(|image| image.sample.mask.is_some());
        let masks = images.par_iter().map(|image| {
            let sample = &image.sample;
            let missing = sample.label.is_abnormal() && sample.mask.is_none();
            if !has_masks || missing {
                return Ok(None);
            }
            let (width, height) = (image.views.width as u32, image.views.height as u32);
            // Only an existing mask has its own size; that of a normal image is empty at any size.
            Ok(Some(
                load_mask(sample, width, height)?.resize(width, height),
            ))
        });
        let masks: Vec<Option<Mask>> = masks.collect::<Result<_>>()?;
        let is_empty = |(image, mask): &(&SetImage, &Option<Mask>)| {
            image.sample.label.is_abnormal() && mask.as_ref().is_some_and(Mask::is_empty)
        };
        let empty = images.iter().zip(&masks).filter(is_empty).count();
        if empty > 0 {
            warnings.push(format!(
                "abnormal test images with an empty mask: {empty}; all their pixels count as normal"
            ));
        }
        let missing = masks.iter().filter(|mask| mask.is_none()).count();
        if has_masks && missing > 0 {
            warnings.push(format!(
                "abnormal test images without a mask: {missing}; they count in image metrics, not in \
                 pixel metrics"
            ));
        }
        Ok(Self {
            inputs,
            images,
            masks,
            has_masks,
        })
    }

    /// The log-likelihoods of all inputs.
    pub fn log_likelihoods(&self, detector: &Detector) -> Result<Vec<LogLikelihoodMaps>> {
        detector.log_likelihoods_of(&self.inputs)
    }

    /// Scores under `calibration`.
    pub fn scored(&self, maps: &[LogLikelihoodMaps], calibration: &Calibration) -> Scored {
        let images = of_images(&self.images, maps);
        let images = images.par_iter();
        let scored: Vec<(f32, Option<ScoreMap>)> =
            images.map(|image| calibration.score_of(*image)).collect();
        let (scores, maps) = scored.into_iter().unzip();
        Scored { scores, maps }
    }

    /// The score maps that have masks, and the index of each one's image.
    pub fn labelled<'a>(&'a self, scored: &'a Scored) -> (Vec<LabelledMap<'a>>, Vec<usize>) {
        if !self.has_masks {
            return (Vec::new(), Vec::new());
        }
        let pairs = scored.maps.iter().zip(&self.masks).enumerate();
        pairs
            .filter_map(|(image, (map, mask))| {
                let (map, mask) = (map.as_ref()?, mask.as_ref()?);
                let labelled = LabelledMap {
                    width: map.width,
                    height: map.height,
                    scores: &map.values,
                    mask: mask.pixels(),
                };
                Some((labelled, image))
            })
            .unzip()
    }

    /// Each image's mask at the size of the score maps; `None` for an abnormal image without a mask.
    #[cfg(feature = "report")]
    pub fn masks(&self) -> &[Option<Mask>] {
        &self.masks
    }

    pub fn abnormal(&self) -> Vec<bool> {
        let labels = self.images.iter().map(|image| image.sample.label);
        labels.map(Label::is_abnormal).collect()
    }

    /// All metrics, and the decisions of the model that `description` describes, from the images'
    /// log-likelihoods. Also returns the scores and maps, because they take long.
    pub fn evaluate(
        &self,
        maps: &[LogLikelihoodMaps],
        description: &ModelDescription,
        options: &EvaluationOptions,
    ) -> Result<(Evaluation, Scored)> {
        let calibration = &description.calibration;
        let name = |sample: &Sample| sample.path.display().to_string();
        let names: Vec<String> = self.inputs.samples.iter().map(name).collect();
        check_numbers(maps, &names)?;
        let samples = self.images.iter().map(|image| &image.sample);
        let names: Vec<String> = samples.clone().map(name).collect();
        let abnormal = self.abnormal();
        let types = samples.map(|sample| {
            let abnormal = sample.label.is_abnormal();
            abnormal.then_some(sample.defect_type.as_str())
        });
        let types: Vec<Option<&str>> = types.collect();
        fn labels<'a>(
            scored: &'a Scored,
            labelled: &'a (Vec<LabelledMap<'a>>, Vec<usize>),
            (abnormal, types, names): (&'a [bool], &'a [Option<&'a str>], &'a [String]),
        ) -> Labelled<'a> {
            Labelled {
                scored,
                abnormal,
                types,
                names,
                maps: &labelled.0,
                image_of_map: &labelled.1,
            }
        }
        let known = (abnormal.as_slice(), types.as_slice(), names.as_slice());
        let deployed = self.scored(maps, calibration);
        let pairs = self.labelled(&deployed);
        let labelled = labels(&deployed, &pairs, known);
        let (mut evaluation, aupimo) = measure(&labelled, options)?;
        evaluation.decisions = decisions(&labelled, description, &evaluation)?;
        let set_wide = calibration.over_images(&of_images(&self.images, maps))?;
        let set_wide = self.scored(maps, &set_wide);
        let pairs = self.labelled(&set_wide);
        evaluation.paper_protocol =
            paper_metrics(&labels(&set_wide, &pairs, known), options.aupro_limit)?;
        let results = self.images.iter().zip(&deployed.scores).zip(aupimo);
        let results = results.map(|((image, score), aupimo)| ImageResult {
            path: image.sample.path.clone(),
            region: image.sample.region,
            width: image.size.0,
            height: image.size.1,
            masks: image
                .sample
                .mask
                .iter()
                .flat_map(|files| files.paths())
                .map(std::path::Path::to_owned)
                .collect(),
            mask_values: image.sample.mask_values.clone(),
            bit_depth: image.sample.bit_depth,
            defect_type: image.sample.defect_type.clone(),
            abnormal: image.sample.label.is_abnormal(),
            score: *score,
            aupimo,
        });
        evaluation.results = results.collect();
        Ok((evaluation, deployed))
    }
}

/// Checks for NaN, which would otherwise give a score like any other; the error names the image.
fn check_numbers(maps: &[LogLikelihoodMaps], names: &[String]) -> Result<()> {
    let wrong = maps.iter().position(|maps| {
        let finer = maps.finer.iter().flat_map(|finer| &finer.maps.levels);
        let mut values = maps
            .levels
            .iter()
            .chain(finer)
            .flat_map(|level| &level.values);
        values.any(|value| value.is_nan())
    });
    match wrong {
        Some(index) => Err(MetricError::NotANumber { index }.with_names(names).into()),
        None => Ok(()),
    }
}
