//! Abnormal training images, each judged by a model that does not know its own defects: whether defects recur, and the
//! pixel threshold that outlines them.

use std::path::Path;

use bgad_data::Sample;
use rayon::prelude::*;

use super::scale::{Scale, attach_first};
use crate::detector::trained_model::Detector;
use crate::error::Result;
use crate::input::preparation::load_mask;
use crate::input::tiled_images::CutImage;
use crate::input::view::Views;
use crate::model::discriminant::Discriminant;
use crate::model::folds::Folds;
use crate::model::known_defects::{KnownDefects, ShownDefect};
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::scoring::image_likelihoods::ImageLikelihoods;
use crate::scoring::threshold::Outlined;

/// At most this many abnormal images are used, and this many pixels of each.
const MOST_IMAGES: usize = 16;
const MOST_PIXELS: usize = 1 << 18;

impl Scale<'_> {
    /// The maps of abnormal training images whose masks mark a defect, each by a model that does not know its own.
    /// Empty with fewer than two such images. Trained flows have seen all of them.
    pub fn outlined(&self) -> Result<Vec<Outlined>> {
        let masked = self.some_of(|image| image.mask.is_some());
        let outlined = masked.into_par_iter();
        let outlined = outlined.map(|image| self.outlined_image(&image));
        let outlined = outlined.collect::<Result<Vec<_>>>()?;
        let outlined = outlined.into_iter().flatten();
        Ok(outlined
            .filter(|image| image.defects.contains(&true))
            .collect())
    }

    /// The views and log-likelihoods of some abnormal training images, each by a model that does not know its own defects.
    /// Empty with fewer than two images that show one.
    pub fn each_without_its_own(&self) -> Result<Vec<(Views, Vec<LogLikelihoodMaps>)>> {
        let images = self.some_of(|_| true);
        let each = images.into_par_iter().map(|image| {
            let maps = self.without_its_own(&image)?;
            Ok((image.views, maps))
        });
        each.collect()
    }

    /// Some abnormal training images of those that are `wanted` and show defects; none with fewer than two.
    fn some_of(&self, wanted: impl Fn(&Sample) -> bool) -> Vec<CutImage> {
        let is_shown = |image: &&Sample| self.is_shown(&image.path);
        let images = self.set.abnormal_images.iter();
        let images = images.filter(|image| wanted(image)).filter(is_shown);
        let images: Vec<Sample> = images.cloned().collect();
        if images.iter().all(|image| image.path == images[0].path) {
            return Vec::new();
        }
        let every = images.len().div_ceil(MOST_IMAGES);
        let images: Vec<Sample> = images.into_iter().step_by(every).collect();
        self.set.abnormal.store().cut(&images)
    }

    /// The log-likelihoods of the inputs of an abnormal image by a model that does not know its defects.
    fn without_its_own(&self, image: &CutImage) -> Result<Vec<LogLikelihoodMaps>> {
        let detector = &self.detector;
        let abnormal = &self.set.abnormal;
        let without = Without::new(detector, &image.sample.path, &self.shown);
        let mirrored = detector.description.mirrored;
        let of_input = |input| {
            let features = abnormal.features_as_stored(&input, mirrored)?;
            let mut maps = detector.maps_of(&features)?;
            if let Some(bank) = &detector.bank {
                let near = features.neighborhoods(bank.inputs())?;
                let discriminant = without.discriminant.as_ref();
                maps.discriminants = discriminant.map(|of| of.map_without(&near, &(0..0)));
                let known = without.known.as_ref().zip(maps.distances.as_ref());
                maps.likeness = known.map(|(known, far)| known.likeness(bank, &near, far));
            }
            Ok(maps)
        };
        let mut inputs: Vec<_> = image.inputs().map(of_input).collect::<Result<_>>()?;
        if let Some(finer) = &self.finer {
            let image = finer.set.abnormal.store().cut_one(&image.sample);
            let of_finer = finer.without_its_own(&image)?;
            attach_first(&mut inputs, image.views, of_finer);
        }
        Ok(inputs)
    }

    fn outlined_image(&self, image: &CutImage) -> Result<Option<Outlined>> {
        let inputs = self.without_its_own(image)?;
        let image_of = ImageLikelihoods {
            views: &image.views,
            inputs: &inputs,
        };
        // Whatever the threshold will be, halos must not lie above it.
        let mut calibration = self.detector.description.calibration.clone();
        calibration.set_halo_limit(Some(0.0));
        let Some(map) = calibration.map_of(image_of) else {
            return Ok(None);
        };
        let (width, height) = (image.views.width as u32, image.views.height as u32);
        let mask = load_mask(&image.sample, image.size.0, image.size.1)?.resize(width, height);
        let defects = mask.pixels().iter().copied();
        let defects = defects.step_by(map.step(MOST_PIXELS));
        Ok(Some(Outlined {
            pixels: map.some(MOST_PIXELS).collect(),
            defects: defects.collect(),
        }))
    }
}

/// What is known about defects without those of one image.
struct Without {
    discriminant: Option<Discriminant>,
    known: Option<KnownDefects>,
}

impl Without {
    fn new(detector: &Detector, image: &Path, shown: &[ShownDefect]) -> Self {
        let others: Vec<&ShownDefect> = shown.iter().filter(|of| of.image != image).collect();
        let means: Vec<Vec<f64>> = others.iter().map(|defect| defect.mean.clone()).collect();
        let bank = detector.bank.as_ref();
        let none = Folds::of_images(&[], 0);
        Self {
            discriminant: bank.and_then(|bank| Discriminant::new(bank, &none, &means)),
            known: bank.and_then(|bank| {
                KnownDefects::new(others.iter().copied(), bank.inputs().dimension())
            }),
        }
    }
}
