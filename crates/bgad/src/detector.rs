//! A trained model that scores images.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bgad_backbone::Backbone;
use bgad_data::{RgbImage, load_image_with};
use burn::tensor::Device;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::choices::Granularity;
use crate::config::TrainerConfig;
use crate::features::{Extractor, ImageFeatures};
use crate::flows::{self, LevelFlow, LogLikelihoodMaps, Places, ScaledFlow};
use crate::image_score::ImageScore;
use crate::inputs::{FlowInput, Inputs};
use crate::joined::ImageLikelihoods;
use crate::neighbors::Neighbors;
use crate::regions::{self, DefectRegion};
use crate::score_map::ScoreMap;
use crate::scoring::Calibration;
use crate::training_anomaly::TrainingAnomaly;
use crate::view::{View, Views};
use crate::{Error, Result};

/// What a [`Detector`] knows beside its weights; the readable part of a model file.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDescription {
    /// The settings that it was trained with.
    pub config: TrainerConfig,
    /// What was one sample.
    pub granularity: Granularity,
    /// SHA-256 of the backbone's weights' file, for a backbone that has weights.
    pub backbone_checksum: Option<String>,
    /// Whether log-likelihoods are averaged with those of the mirrored image: as configured, or as
    /// decided over the normal training images.
    pub mirrored: bool,
    /// The constants of scoring, over the normal training images.
    pub calibration: Calibration,
    /// Images that score above it are anomalous.
    pub threshold: f32,
    /// Pixels that score above it belong to a defect; none at image granularity. An image's score
    /// may draw on more than its pixels, so that the two differ.
    pub pixel_threshold: Option<f32>,
    /// The scores of the normal images that the thresholds are from, in rising order.
    pub normal_scores: Vec<f32>,
    /// Per flow the separating boundary `b_n` over all normal training features, on `l / 10`.
    pub boundaries: Vec<f64>,
    /// The data set's name.
    pub dataset: String,
    /// The abnormal training images: an evaluation must not count them.
    pub training_anomalies: Vec<TrainingAnomaly>,
}

impl ModelDescription {
    pub(crate) fn inputs(&self) -> Inputs {
        Inputs::new(&self.config, self.granularity)
    }
}

/// What a [`Detector`] finds on one image.
///
/// Two predictions are equal whatever time they took.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct Prediction {
    /// The image's score; the higher, the more anomalous.
    pub score: f32,
    /// The model's threshold.
    pub threshold: f32,
    /// Whether the score lies above the threshold.
    pub anomalous: bool,
    /// The share of normal images that score as high: [`ModelDescription::p_value`].
    pub p_value: f64,
    /// A score map that covers the image, all of it and nothing else: with [`Fit::Stretch`] it has
    /// the size of the model's input, with [`Fit::Letterbox`] that of the image on it, and with
    /// [`Fit::Tiles`] the image's own, or for a large image a half or a quarter of it. None at image
    /// granularity.
    ///
    /// [`Fit::Stretch`]: crate::Fit::Stretch
    /// [`Fit::Letterbox`]: crate::Fit::Letterbox
    /// [`Fit::Tiles`]: crate::Fit::Tiles
    pub map: Option<ScoreMap>,
    /// The model's threshold for pixels, where there is a map.
    pub pixel_threshold: Option<f32>,
    /// Where the map lies above it: connected regions, the highest peak first. The decision is the
    /// score's alone: a normal image may have a region, an anomalous one none.
    pub regions: Vec<DefectRegion>,
    /// How long it took, without reading the image.
    pub duration: Duration,
}

impl PartialEq for Prediction {
    fn eq(&self, other: &Self) -> bool {
        let of = |p: &Self| {
            (
                p.score,
                p.threshold,
                p.anomalous,
                p.p_value,
                p.pixel_threshold,
            )
        };
        of(self) == of(other) && self.map == other.map && self.regions == other.regions
    }
}

/// Scores images; the same image always gets the same score.
#[derive(Debug)]
pub struct Detector {
    pub(crate) description: ModelDescription,
    pub(crate) backbone: Arc<dyn Backbone>,
    pub(crate) flows: Vec<LevelFlow>,
    /// The pooled features of the normal training images, where scores draw on them.
    pub(crate) neighbors: Option<Neighbors>,
    pub(crate) device: Device,
}

impl Detector {
    pub(crate) fn new(
        description: ModelDescription,
        backbone: Arc<dyn Backbone>,
        flows: Vec<ScaledFlow>,
        device: &Device,
    ) -> Result<Self> {
        let mut detector = Self {
            description,
            backbone,
            flows: Vec::new(),
            neighbors: None,
            device: device.clone(),
        };
        detector.set_flows(flows)?;
        Ok(detector)
    }

    /// Takes other flows from now on, one an input.
    pub(crate) fn set_flows(&mut self, flows: Vec<ScaledFlow>) -> Result<()> {
        let inputs = self.inputs();
        let flows = inputs.iter().zip(flows).map(|(input, flow)| {
            let places = Places::new(&self.description.config, input)?;
            LevelFlow::new(flow, &places, &self.device)
        });
        self.flows = flows.collect::<Result<_>>()?;
        Ok(())
    }

    /// What its flows see.
    pub(crate) fn inputs(&self) -> Vec<FlowInput> {
        self.description.inputs().list(self.backbone.levels())
    }

    /// The number of the first flow of pooled features.
    fn first_pooled(&self) -> usize {
        let inputs = self.inputs();
        let pooled = inputs.iter().filter(|input| input.is_pooled());
        inputs.len() - pooled.count()
    }

    /// What the model is: its settings, calibration and threshold.
    pub fn description(&self) -> &ModelDescription {
        &self.description
    }

    /// Decides by another threshold from now on. Where an image's score is its highest pixel's, as
    /// in the paper, pixels follow.
    pub fn set_threshold(&mut self, threshold: f32) {
        let calibration = &self.description.calibration;
        if calibration.image_score == ImageScore::Maximum && calibration.joint.is_none() {
            self.set_pixel_threshold(threshold);
        }
        self.description.threshold = threshold;
    }

    /// Takes pixels above another threshold as defects from now on; the decision about the image
    /// stays what it is. Without effect on a model that scores whole images alone.
    pub fn set_pixel_threshold(&mut self, threshold: f32) {
        if let Some(of_pixels) = &mut self.description.pixel_threshold {
            *of_pixels = threshold;
        }
    }

    pub(crate) fn extractor(&self) -> Extractor {
        Extractor {
            backbone: self.backbone.clone(),
            image_size: self.description.config.image_size,
            fit: self.description.config.fit,
            inputs: self.description.inputs(),
            mirror: self.description.mirrored,
            precision: self.description.config.feature_precision,
            packed: false,
            cache: None,
            device: self.device.clone(),
        }
    }

    pub(crate) fn maps_of(&self, features: &ImageFeatures) -> Result<LogLikelihoodMaps> {
        let neighbors = self.neighbors.as_ref();
        let first = self.first_pooled();
        let distance = neighbors.map(|all| all.distance(features, first, |_| false));
        let distance = distance.transpose()?.flatten();
        flows::log_likelihood_maps(&self.flows, features, distance)
    }

    /// The per-dimension log-likelihoods of an image at each level: an entry for each input, of which
    /// there are several where images are cut into tiles. They are computed on all cores, each alone.
    ///
    /// # Errors
    /// When the device fails.
    pub fn log_likelihoods(&self, image: &RgbImage) -> Result<Vec<LogLikelihoodMaps>> {
        self.likelihoods_of(image, &self.views(image.dimensions()))
    }

    /// The inputs of an image of this width and height.
    pub(crate) fn views(&self, size: (u32, u32)) -> Views {
        let config = &self.description.config;
        config.fit.views(size, config.image_size)
    }

    fn likelihoods_of(&self, image: &RgbImage, views: &Views) -> Result<Vec<LogLikelihoodMaps>> {
        if image.is_empty() {
            let found = format!("{} x {} pixels", image.width(), image.height());
            return Err(Error::setting("image", found, "at least one pixel"));
        }
        let extractor = self.extractor();
        let one = |view: &View| self.maps_of(&extractor.extract_view(image, view));
        match views.views.as_slice() {
            [view] => Ok(vec![one(view)?]),
            views => views.par_iter().map(one).collect(),
        }
    }

    /// The image's score, and its map where there is one.
    pub(crate) fn score(&self, image: &RgbImage) -> Result<(f32, Option<ScoreMap>)> {
        let views = &self.views(image.dimensions());
        let inputs = &self.likelihoods_of(image, views)?;
        let calibration = &self.description.calibration;
        Ok(calibration.score_of(ImageLikelihoods { views, inputs }))
    }

    /// Score, decision and map of one image of any size.
    ///
    /// # Errors
    /// An image without pixels, or a device that fails.
    pub fn predict(&self, image: &RgbImage) -> Result<Prediction> {
        let start = Instant::now();
        let (score, map) = self.score(image)?;
        let threshold = self.description.threshold;
        let pixel_threshold = self.description.pixel_threshold;
        Ok(Prediction {
            score,
            threshold,
            anomalous: score > threshold,
            p_value: self.description.p_value(score),
            regions: map
                .as_ref()
                .zip(pixel_threshold)
                .map(|(map, threshold)| regions::regions(map, threshold, image.dimensions()))
                .transpose()?
                .unwrap_or_default(),
            map,
            pixel_threshold,
            duration: start.elapsed(),
        })
    }

    /// Reads an image file as the images of training were read.
    ///
    /// # Errors
    /// When the file is no readable image.
    pub fn load_image(&self, path: &Path) -> Result<RgbImage> {
        Ok(load_image_with(path, self.description.config.orientation)?)
    }

    /// Reads an image file and predicts it.
    ///
    /// # Errors
    /// When the file is no readable image, or the device fails.
    pub fn predict_file(&self, path: &Path) -> Result<Prediction> {
        self.predict(&self.load_image(path)?)
    }

    /// Predicts many images, in order, on all cores. Each is computed alone, so that its result
    /// does not depend on the others.
    ///
    /// # Errors
    /// When the device fails.
    pub fn predict_batch(&self, images: &[RgbImage]) -> Result<Vec<Prediction>> {
        images.par_iter().map(|image| self.predict(image)).collect()
    }

    /// The map of `prediction` as a picture over `image`.
    ///
    /// # Errors
    /// [`Error::NoScoreMap`] for a model at image granularity.
    pub fn overlay(&self, image: &RgbImage, prediction: &Prediction) -> Result<RgbImage> {
        let map = prediction.map.as_ref().zip(prediction.pixel_threshold);
        let (map, threshold) = map.ok_or(Error::NoScoreMap)?;
        Ok(crate::overlay::overlay(image, map, threshold))
    }
}
