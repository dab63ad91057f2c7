//! A trained model that scores images.

use std::ops::Range;
#[cfg(feature = "train")]
use std::path::Path;
use std::sync::Arc;

use bgad_data::RgbImage;
use rayon::prelude::*;

use super::description::ModelDescription;
use crate::config::image_score::ImageScore;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::features::built_in::AnyBackbone;
use crate::features::extractor::Extractor;
use crate::features::flow_inputs::FlowInput;
use crate::features::image_features::ImageFeatures;
use crate::features::neighborhoods::Reach;
#[cfg(feature = "train")]
use crate::features::stored_images::StoredImages;
use crate::input::view::{View, Views};
use crate::model::contexts::Contexts;
use crate::model::discriminant::Discriminant;
use crate::model::known_defects::KnownDefects;
#[cfg(feature = "train")]
use crate::model::level_flow::WhitenedFlow;
use crate::model::likelihoods::{FinerMaps, LogLikelihoodMaps};
use crate::model::memory_bank::MemoryBank;
use crate::model::neighbors::Neighbors;
use crate::model::position_gaussians::PositionGaussians;
use crate::model::{LevelFlow, image_maps};
use crate::scoring::baseline;
use crate::scoring::image_likelihoods::ImageLikelihoods;
use crate::scoring::score_map::ScoreMap;

/// A trained model, which scores images. The same image always gets the same score.
///
/// [`Trainer::fit`](crate::Trainer::fit) trains one and [`load`](Self::load) reads one from a file.
/// [`predict`](Self::predict) scores an image.
#[derive(Debug)]
pub struct Detector {
    pub(crate) description: ModelDescription,
    pub(crate) backbone: Arc<dyn AnyBackbone>,
    pub(crate) flows: Vec<LevelFlow>,
    /// Pooled features of the normal training images, if scores use them.
    pub(crate) neighbors: Option<Neighbors>,
    /// Positions of the normal training images, if scores use them.
    pub(crate) bank: Option<MemoryBank>,
    /// The surroundings of positions of the normal training images, if maps use them.
    pub(crate) contexts: Option<Contexts>,
    /// What is normal at each position, if normal images show the same thing at the same place.
    pub(crate) gaussians: Option<PositionGaussians>,
    /// Separates defects from normal positions, if there were defects to train on.
    pub(crate) discriminant: Option<Discriminant>,
    /// The clearest positions of these defects.
    pub(crate) known_defects: Option<KnownDefects>,
    /// What judges the image's finer input, if the model has one. Of its description, only settings count: thresholds,
    /// constants and whether images are mirrored are the model's.
    pub(crate) finer: Option<Box<Self>>,
    pub(crate) device: Device,
}

impl Detector {
    #[cfg(feature = "train")]
    pub(crate) fn new(
        description: ModelDescription,
        backbone: Arc<dyn AnyBackbone>,
        flows: Vec<WhitenedFlow>,
        device: &Device,
    ) -> Result<Self> {
        let mut detector = Self {
            description,
            backbone,
            flows: Vec::new(),
            neighbors: None,
            bank: None,
            contexts: None,
            gaussians: None,
            discriminant: None,
            known_defects: None,
            finer: None,
            device: device.clone(),
        };
        detector.set_flows(flows)?;
        Ok(detector)
    }

    /// Replaces the flows with `flows`, one per input.
    #[cfg(feature = "train")]
    pub(crate) fn set_flows(&mut self, flows: Vec<WhitenedFlow>) -> Result<()> {
        let inputs = self.inputs();
        let flows = inputs.iter().zip(flows).map(|(input, flow)| {
            LevelFlow::new(flow, &self.description.config, input, &self.device)
        });
        self.flows = flows.collect::<Result<_>>()?;
        Ok(())
    }

    /// From now on, keeps distances to the memory bank and contexts in `folder`; `None` stops this.
    #[cfg(feature = "train")]
    pub(crate) fn remember_distances_in(&mut self, folder: Option<&Path>) {
        if let Some(bank) = &mut self.bank {
            bank.remember_in(folder);
        }
        if let Some(contexts) = &mut self.contexts {
            contexts.remember_in(folder);
        }
        if let Some(finer) = &mut self.finer {
            finer.remember_distances_in(folder);
        }
    }

    /// The inputs of its flows.
    pub(crate) fn inputs(&self) -> Vec<FlowInput> {
        self.description.inputs().list(self.backbone.levels())
    }

    /// The index of the first flow on pooled features.
    fn first_pooled(&self) -> usize {
        let inputs = self.inputs();
        let pooled = inputs.iter().filter(|input| input.is_pooled());
        inputs.len() - pooled.count()
    }

    /// The model's settings, calibration and thresholds.
    pub fn description(&self) -> &ModelDescription {
        &self.description
    }

    /// Sets the image threshold, which then promises no false-positive rate. If an image's score is its
    /// highest pixel, as in the paper, this also sets the pixel threshold.
    pub fn set_threshold(&mut self, threshold: f32) {
        if self.scores_by_highest_pixel() {
            self.set_pixel_threshold(threshold);
        }
        self.description.threshold = threshold;
        self.description.promised_rate = None;
    }

    /// Sets the pixel threshold, which does not affect the decision about the image. It has no effect on a
    /// model that scores whole images only.
    pub fn set_pixel_threshold(&mut self, threshold: f32) {
        if let Some(of_pixels) = &mut self.description.pixel_threshold {
            *of_pixels = threshold;
        }
        self.description.outlines_known_defects = false;
        self.keep_scaled_maps_above_the_threshold();
    }

    /// Whether an image's score is its highest pixel, so that both have the same threshold.
    pub(super) fn scores_by_highest_pixel(&self) -> bool {
        let calibration = &self.description.calibration;
        calibration.image_score == ImageScore::Maximum && calibration.joint.is_none()
    }

    /// An image that differs as a whole must stay above the pixel threshold when its map is scaled.
    pub(super) fn keep_scaled_maps_above_the_threshold(&mut self) {
        if let Some(threshold) = self.description.pixel_threshold {
            let largest = baseline::largest_median(threshold);
            self.description.calibration.set_largest_median(largest);
        }
    }

    pub(crate) fn extractor(&self) -> Extractor {
        let Self {
            description,
            backbone,
            device,
            ..
        } = self;
        let (config, granularity) = (&description.config, description.granularity);
        Extractor::new(config, granularity, backbone.clone(), device)
    }

    pub(crate) fn maps_of(&self, features: &ImageFeatures) -> Result<LogLikelihoodMaps> {
        let mut maps = self.maps_without(features, 0..0)?;
        if let Some((finer, features)) = self.finer.as_ref().zip(features.finer.as_deref()) {
            maps.finer = Some(Box::new(FinerMaps {
                views: Views::one(features.view).on_map(self.description.config.input.map_size()),
                maps: finer.maps_of(features)?,
            }));
        }
        Ok(maps)
    }

    /// The same of the usual input, ignoring the training inputs `left_out` in all comparisons with normal images.
    pub(crate) fn maps_without(
        &self,
        features: &ImageFeatures,
        left_out: Range<usize>,
    ) -> Result<LogLikelihoodMaps> {
        let first = self.first_pooled();
        let distance = |neighbors: &Neighbors| {
            neighbors.distance(features, first, |input| left_out.contains(&input))
        };
        let neighbor_distance = self.neighbors.as_ref().map(distance).transpose()?;
        let mut maps = LogLikelihoodMaps {
            levels: image_maps::log_likelihood_maps(&self.flows, features)?,
            distances: None,
            contexts: None,
            deviations: None,
            discriminants: None,
            likeness: None,
            neighbor_distance: neighbor_distance.flatten(),
            finer: None,
        };
        if let Some(bank) = &self.bank {
            let near = features.neighborhoods(bank.inputs())?;
            maps.distances = bank.distances(&near, &left_out);
            let contexts = |of: &Contexts| of.distances(bank, &near, &left_out);
            maps.contexts = self.contexts.as_ref().and_then(contexts);
            if let Some(gaussians) = &self.gaussians {
                let positions = features.joined(bank.inputs(), Reach::Position)?;
                maps.deviations = Some(gaussians.deviations(&positions, &left_out));
            }
            #[cfg(feature = "train")]
            let discriminants = |of: &Discriminant| of.map_without(&near, &left_out);
            #[cfg(not(feature = "train"))]
            let discriminants = |of: &Discriminant| of.map(&near);
            maps.discriminants = self.discriminant.as_ref().map(discriminants);
            let known = self.known_defects.as_ref().zip(maps.distances.as_ref());
            maps.likeness = known.map(|(known, far)| known.likeness(bank, &near, far));
        }
        Ok(maps)
    }

    /// The per-dimension log-likelihoods of an image at each level. There is one entry per input: several if
    /// images are cut into tiles. They are computed on all cores, independently.
    ///
    /// # Errors
    /// If the device fails.
    pub fn log_likelihoods(&self, image: &RgbImage) -> Result<Vec<LogLikelihoodMaps>> {
        self.likelihoods_of(image, &self.views(image.dimensions()))
    }

    /// The inputs of an image of this width and height.
    pub(crate) fn views(&self, size: (u32, u32)) -> Views {
        let input = &self.description.config.input;
        input.fit.views(size, input.size()).on_map(input.map_size())
    }

    fn likelihoods_of(&self, image: &RgbImage, views: &Views) -> Result<Vec<LogLikelihoodMaps>> {
        if image.is_empty() {
            let found = format!("{} x {} pixels", image.width(), image.height());
            return Err(Error::input("image", found, "at least one pixel"));
        }
        let extractor = self.extractor();
        let mirrored = self.description.mirrored;
        let one = |view: &View| self.maps_of(&extractor.extract_view(image, view, mirrored));
        match views.views.as_slice() {
            [view] => Ok(vec![one(view)?]),
            views => views.par_iter().map(one).collect(),
        }
    }

    /// The image's score, and its map if there is one.
    pub(crate) fn score(&self, image: &RgbImage) -> Result<(f32, Option<ScoreMap>)> {
        let views = &self.views(image.dimensions());
        let inputs = &self.likelihoods_of(image, views)?;
        let calibration = &self.description.calibration;
        Ok(calibration.score_of(ImageLikelihoods { views, inputs }))
    }

    /// The log-likelihoods of each of `inputs`, computed independently on all cores.
    #[cfg(feature = "train")]
    pub(crate) fn log_likelihoods_of(
        &self,
        inputs: &StoredImages,
    ) -> Result<Vec<LogLikelihoodMaps>> {
        inputs.each(self.description.mirrored, |_, features| {
            self.maps_of(&features)
        })
    }
}
