//! The images of a run: which are readable, whose features are kept, and what a batch contains.

use std::sync::Arc;

use bgad_data::{Dataset, Mask, RgbImage, Sample, Turn};
use rayon::prelude::*;

use super::batch::{BatchImage, Item};
use super::{duplicates, turned_copies};
use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, Model};
use crate::detector::trained_model::Detector;
use crate::detector::training_anomaly::TrainingAnomaly;
use crate::error::{Error, Result};
use crate::features::store::FeatureStore;
use crate::features::stored_images::StoredImages;
use crate::input::preparation::{self, LabelledImage};
use crate::input::tiled_images::{CutImage, InputsLeft, SetImage, defective_inputs};
use crate::input::view::Views;
use crate::model::folds::Folds;
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::model::normal_statistics::NormalStatistics;

/// Folds for distances, if flows are not held out.
const FOLDS: usize = 5;
/// With fewer normal images, a flow trained without a fold has seen too few of them, and its log-likelihoods
/// of other images become extreme.
const FEWEST_IMAGES: usize = 10;

/// Whether pooled flows are also trained without each fold.
pub(crate) fn trains_folds(config: &CheckedConfig, images: usize) -> bool {
    let trained = config.schedule.trains(config.model);
    trained && config.pooled.folds > 0 && images >= FEWEST_IMAGES
}

/// The folds of images with these numbers of inputs. Distances are held out even if flows are not, so that no
/// image is its own nearest neighbour.
fn folds_of(config: &CheckedConfig, inputs: &[usize]) -> Folds {
    let folds = match config.pooled.folds {
        0 => FOLDS,
        folds => folds,
    };
    Folds::of_images(inputs, folds)
}

/// How many of each image's inputs were `read`.
fn counts_of(images: &[Vec<Sample>], read: &[Sample]) -> Vec<usize> {
    let mut read = read.iter().peekable();
    let count = |image: &Vec<Sample>| {
        let inputs = image.iter();
        inputs
            .filter(|input| read.next_if_eq(input).is_some())
            .count()
    };
    images.iter().map(count).collect()
}

/// The training images.
///
/// If images are cut into tiles, each tile is one sample of `normal` or `abnormal`; of an abnormal image,
/// only the tiles that show a defect.
pub(crate) struct TrainingSet {
    /// Normal inputs, each followed by its turned copies, if there are any.
    pub normal: StoredImages,
    /// The numbers of the normal inputs that are not turned copies.
    pub as_they_are: Vec<usize>,
    /// The images of these, numbered among themselves.
    pub normal_images: Vec<SetImage>,
    /// Which normal inputs are held out together.
    pub folds: Folds,
    pub abnormal: StoredImages,
    /// The whole images of the abnormal inputs.
    pub abnormal_images: Vec<Sample>,
    /// The abnormal images and masks at their own size. They stay in memory, because they are few and are
    /// pasted from repeatedly.
    pub(super) sources: Vec<LabelledImage>,
    /// Whether the place of an abnormal image's defect is known or, with position flows alone, taken to be
    /// the whole image.
    pub(super) placed: Vec<bool>,
    /// Whether an image can be pasted from; it can't if the place of its defect is unknown.
    pastable: Vec<bool>,
}

impl TrainingSet {
    /// Reads the training images of `dataset` in one pass, which also collects the statistics of normal
    /// features. Calls `done` once per image.
    pub fn read(
        dataset: &Dataset,
        settings: (Granularity, &CheckedConfig),
        store: &Arc<FeatureStore>,
        warnings: &mut Vec<String>,
        done: impl Fn() + Sync,
    ) -> Result<(Self, NormalStatistics)> {
        let (granularity, config) = settings;
        let with_abnormal = config.model == Model::BgadFas;
        let (abnormal, normal): (Vec<_>, Vec<_>) = dataset
            .train
            .iter()
            .cloned()
            .partition(|sample| sample.label.is_abnormal());
        let abnormal = if with_abnormal { abnormal } else { Vec::new() };
        let defective = defective_inputs(store.cut(&abnormal), warnings)?;
        let left = InputsLeft::new(&defective.counts);
        let unread = defective.counts.iter().filter(|count| **count == 0);
        unread.for_each(|_| done());
        let last = |input| {
            if left.is_last(input) {
                done();
            }
        };
        let format = store.training_format();
        let mut abnormal = StoredImages::new(store, format, defective.inputs);
        abnormal.read(&mut [], warnings, last)?;
        let abnormal_images = defective.whole.into_iter().filter(|sample| {
            let path = |input: &Sample| input.path == sample.path;
            abnormal.samples.iter().any(path)
        });
        let abnormal_images = abnormal_images.collect();
        let normal = duplicates::leave_out(normal, store.digests(), warnings, &done);
        let cut = store.cut(&normal);
        let of_images = turned_copies::with_copies(&cut, config.input.rotations);
        let counts: Vec<usize> = of_images.iter().map(Vec::len).collect();
        let left = InputsLeft::new(&counts);
        let last = |input| {
            if left.is_last(input) {
                done();
            }
        };
        let inputs = of_images.concat();
        let listed = inputs.len();
        let flow_inputs = store.flow_inputs();
        let of = |count, folds: &Folds| {
            let inputs = (flow_inputs.as_slice(), store.bank_inputs());
            NormalStatistics::new(config, inputs, count, folds)
        };
        let mut folds = folds_of(config, &counts);
        let mut statistics = of(listed, &folds);
        let mut normal = StoredImages::new(store, format, inputs);
        normal.read(&mut statistics.accumulators(), warnings, last)?;
        let as_they_are = normal.samples.iter().enumerate();
        let as_they_are = as_they_are.filter(|(_, input)| input.turn == Turn::None);
        let (as_they_are, own): (Vec<_>, Vec<_>) =
            as_they_are.map(|(at, input)| (at, input.clone())).unzip();
        let normal_images = SetImage::of(cut, &own);
        // Folds and the spacing of rows depend on which images are readable.
        let readable = folds_of(config, &counts_of(&of_images, &normal.samples));
        if readable != folds || !statistics.are_alike(listed, normal.len()) {
            folds = readable;
            statistics = of(normal.len(), &folds);
            normal.feed(&mut statistics.accumulators())?;
        }
        let name = || dataset.name.clone();
        if normal.len() == 0 {
            let (dataset, reason) = (name(), warnings.last().cloned());
            return Err(Error::NoNormalImages { dataset, reason });
        }
        if with_abnormal && abnormal.len() == 0 {
            return Err(Error::NoAbnormalImages { dataset: name() });
        }
        let mut sources = Vec::new();
        let mut placed = Vec::new();
        let mut pastable = Vec::new();
        for sample in &abnormal.samples {
            let source = preparation::load(sample)?;
            if source.mask.is_empty() {
                warnings.push(format!(
                    "{}: its mask marks no defect, so it is not used for training",
                    sample.path.display()
                ));
            }
            let has_region = !source.mask.is_empty();
            let positions_alone = granularity == Granularity::Pixel && !config.pooled.flows;
            let known = sample.mask.is_some() || positions_alone;
            placed.push(known);
            pastable.push(has_region && known);
            sources.push(source);
        }
        let set = Self {
            normal,
            as_they_are,
            normal_images,
            folds,
            abnormal,
            abnormal_images,
            sources,
            placed,
            pastable,
        };
        Ok((set, statistics))
    }

    /// The abnormal images, as a model file names them.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn anomalies(&self) -> Result<Vec<TrainingAnomaly>> {
        let digests = self.abnormal.store().digests();
        let images = self.abnormal_images.iter();
        images
            .map(|sample| TrainingAnomaly::of(sample, digests))
            .collect()
    }

    /// All samples, normal ones first.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> + Clone {
        self.normal.samples.iter().chain(&self.abnormal.samples)
    }

    /// Whether an item can train position flows; it can't if its defect may be anywhere.
    pub fn is_placed(&self, item: &Item) -> bool {
        match *item {
            Item::Normal(_) => true,
            Item::Abnormal(index) | Item::Pasted(index, _) => self.placed[index],
        }
    }

    /// The views of each abnormal image and the log-likelihoods of all its inputs, including those that show
    /// no defect.
    pub fn abnormal_likelihoods(
        &self,
        detector: &Detector,
    ) -> Result<Vec<(Views, Vec<LogLikelihoodMaps>)>> {
        let mirrored = detector.description.mirrored;
        let of_input = |input: Sample| {
            let features = self.abnormal.exact_features(&input, mirrored)?;
            detector.maps_of(&features)
        };
        let cut = self.abnormal.store().cut(&self.abnormal_images);
        let of_image = |image: CutImage| {
            let inputs: Vec<Sample> = image.inputs().collect();
            let maps = inputs.into_par_iter().map(of_input);
            Ok((image.views, maps.collect::<Result<_>>()?))
        };
        cut.into_par_iter().map(of_image).collect()
    }

    /// The images of one epoch, not yet shuffled: every normal one once and, with `mixed`, each abnormal one
    /// `repeats` times unchanged and as often as a fresh CutPaste sample.
    pub fn items(&self, mixed: bool, repeats: usize, paste: bool) -> Vec<Item> {
        let mut items: Vec<Item> = (0..self.normal.len()).map(Item::Normal).collect();
        if mixed {
            for repeat in 0..repeats {
                for index in 0..self.abnormal.len() {
                    items.push(Item::Abnormal(index));
                    items.push(match paste && self.pastable[index] {
                        true => Item::Pasted(index, (repeat * self.abnormal.len() + index) as u64),
                        false => Item::Abnormal(index),
                    });
                }
            }
        }
        items
    }

    /// The images of one batch, computed on all cores, without their mirror images, which training does not
    /// use. `epoch` and the items determine what is pasted where.
    pub fn batch(
        &self,
        items: &[Item],
        epoch: u64,
        config: &CheckedConfig,
    ) -> Result<Vec<BatchImage>> {
        let one = |item: &Item| match *item {
            Item::Normal(index) => Ok(BatchImage {
                features: self.normal.features(index, false)?,
                abnormal: false,
                mask: None,
            }),
            Item::Abnormal(index) => {
                let features = self.abnormal.features(index, false)?;
                let mask = features.view.place(&self.sources[index].mask);
                Ok(BatchImage {
                    features,
                    abnormal: true,
                    mask: Some(mask).filter(|_| self.placed[index]),
                })
            }
            Item::Pasted(index, number) => {
                let (image, mask) = self.paste(index, epoch, number, config)?;
                let features = self.abnormal.store().extract(&image);
                Ok(BatchImage {
                    mask: Some(features.view.place(&mask)),
                    features,
                    abnormal: true,
                })
            }
        };
        items.par_iter().map(one).collect()
    }

    /// RandAugmented CutPaste (section 3.4), a pure function of seed, epoch and number.
    fn paste(
        &self,
        index: usize,
        epoch: u64,
        number: u64,
        config: &CheckedConfig,
    ) -> Result<(RgbImage, Mask)> {
        let source = &self.sources[index];
        let sample = config.cut_paste.sample(
            &source.image,
            &source.mask,
            &self.normal.samples,
            (config.seed, epoch, number),
        )?;
        Ok((sample.image, sample.mask))
    }
}
