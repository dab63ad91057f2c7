//! The images of a run: which are readable, whose features are kept, and what a batch holds.

use bgad_data::{Dataset, Mask, RgbImage, Sample};
use rayon::prelude::*;

use super::batch::{BatchImage, Item};
use crate::config::choices::Granularity;
use crate::config::settings::TrainerConfig;
use crate::device::host::read;
use crate::error::{Error, Result};
use crate::features::extractor::Extractor;
use crate::features::flow_inputs::FlowInput;
use crate::features::kept_features::KeptFeatures;
use crate::input::preparation::{self, LabelledImage};
use crate::input::tiled_images::{CutImage, InputsLeft, SetImage, defective_inputs};
use crate::model::neighbors::Neighbors;
use crate::model::position_means::PositionMeans;

/// The training images.
///
/// Where images are cut into tiles each tile is a sample of its own, `normal` and `abnormal` alike;
/// of an abnormal image those that show a defect.
pub(crate) struct TrainingSet {
    pub normal: KeptFeatures,
    /// The images that the normal inputs are of.
    pub normal_images: Vec<SetImage>,
    /// The image of each normal input.
    image_of: Vec<usize>,
    pub abnormal: KeptFeatures,
    /// The abnormal images that `abnormal` is of, whole.
    pub abnormal_images: Vec<Sample>,
    /// The abnormal images and masks at their own size: few, and pasted from again and again.
    sources: Vec<LabelledImage>,
    /// Whether it is known where an abnormal image's defect is, or, with flows of positions alone,
    /// taken to be everywhere.
    placed: Vec<bool>,
    /// Whether pasting makes sense: not where the defect's place is not known.
    pastable: Vec<bool>,
}

impl TrainingSet {
    pub fn read(
        dataset: &Dataset,
        with_abnormal: bool,
        (granularity, config): (Granularity, &TrainerConfig),
        extractor: &Extractor,
        budget: &mut u64,
        warnings: &mut Vec<String>,
        done: impl Fn() + Sync,
    ) -> Result<Self> {
        let (abnormal, normal): (Vec<_>, Vec<_>) = dataset
            .train
            .iter()
            .cloned()
            .partition(|sample| sample.label.is_abnormal());
        let abnormal = if with_abnormal { abnormal } else { Vec::new() };
        let cut = |samples: &[Sample]| CutImage::all(samples, extractor.fit, extractor.image_size);
        let defective = defective_inputs(cut(&abnormal), warnings)?;
        let left = InputsLeft::new(&defective.counts);
        let unread = defective.counts.iter().filter(|count| **count == 0);
        unread.for_each(|_| done());
        let last = |input| {
            if left.is_last(input) {
                done();
            }
        };
        let abnormal = KeptFeatures::read(defective.inputs, extractor, budget, warnings, last);
        let abnormal_images = defective.whole.into_iter().filter(|sample| {
            let path = |input: &Sample| input.path == sample.path;
            abnormal.samples.iter().any(path)
        });
        let abnormal_images = abnormal_images.collect();
        let cut = cut(&normal);
        let left = InputsLeft::of(&cut);
        let last = |input| {
            if left.is_last(input) {
                done();
            }
        };
        let inputs = cut.iter().flat_map(CutImage::inputs).collect();
        let normal = KeptFeatures::read(inputs, extractor, budget, warnings, last);
        let normal_images = SetImage::of(cut, &normal.samples);
        let mut image_of = vec![0; normal.len()];
        for (image, inputs) in normal_images.iter().map(|image| &image.inputs).enumerate() {
            image_of[inputs.clone()].fill(image);
        }
        if normal.len() == 0 {
            return Err(Error::NoNormalImages {
                dataset: dataset.name.clone(),
            });
        }
        if with_abnormal && abnormal.len() == 0 {
            return Err(Error::NoAbnormalImages {
                dataset: dataset.name.clone(),
            });
        }
        let mut sources = Vec::new();
        let mut placed = Vec::new();
        let mut pastable = Vec::new();
        for sample in &abnormal.samples {
            let source = preparation::load(sample)?;
            if source.mask.is_empty() {
                warnings.push(format!(
                    "{}: its mask marks no defect, so that it teaches none",
                    sample.path.display()
                ));
            }
            let has_region = !source.mask.is_empty();
            let positions_alone = granularity == Granularity::Pixel && !config.pooled_flows;
            let known = sample.mask.is_some() || positions_alone;
            placed.push(known);
            pastable.push(has_region && known);
            sources.push(source);
        }
        Ok(Self {
            normal,
            normal_images,
            image_of,
            abnormal,
            abnormal_images,
            sources,
            placed,
            pastable,
        })
    }

    /// All samples, the normal ones first.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> + Clone {
        self.normal.samples.iter().chain(&self.abnormal.samples)
    }

    /// Which of `folds` a normal input belongs to: that of its image, whose tiles overlap.
    pub fn fold(&self, input: usize, folds: usize) -> usize {
        self.image_of[input] % folds.max(1)
    }

    /// Whether an item can teach flows of positions: not where its defect may be anywhere.
    pub fn is_placed(&self, item: &Item) -> bool {
        match *item {
            Item::Normal(_) => true,
            Item::Abnormal(index) | Item::Pasted(index, _) => self.placed[index],
        }
    }

    /// Normal features of input `index`, `[rows, dimension]`: of all images, but of each only so
    /// many positions, evenly spaced, that there are not far more than `most` rows in all. Images
    /// that `wanted` is false for are left out, and `means` taken off.
    pub fn normal_rows(
        &self,
        (index, input): (usize, &FlowInput),
        most: usize,
        wanted: impl Fn(usize) -> bool + Sync,
        means: Option<&PositionMeans>,
        extractor: &Extractor,
    ) -> Result<Vec<f32>> {
        let images: Vec<usize> = (0..self.normal.len()).filter(|&i| wanted(i)).collect();
        let positions = input.side.map_or(1, |side| side * side);
        let every = (positions * images.len()).div_ceil(most).max(1);
        let rows = images.par_iter().enumerate().map(|(number, &image)| {
            let features = self.normal.features(image, extractor)?;
            let counts = input.side.map(|side| features.view.counts(side));
            let mut values = read(features.level(index))?;
            if let Some(means) = means {
                means.take_off(&mut values);
            }
            let rows = values.chunks_exact(input.dimension).enumerate();
            let rows = rows.filter(|(row, _)| counts.as_ref().is_none_or(|counts| counts[*row]));
            // Another place to start for each image, so that all positions are seen.
            let rows = rows.skip(number % every).step_by(every);
            Ok(rows.flat_map(|(_, row)| row).copied().collect())
        });
        let rows: Vec<Vec<f32>> = rows.collect::<Result<_>>()?;
        Ok(rows.concat())
    }

    /// What scores draw on beside the flows of `inputs`, where some are pooled.
    pub fn neighbors(
        &self,
        inputs: &[FlowInput],
        extractor: &Extractor,
    ) -> Result<Option<Neighbors>> {
        let pooled = inputs.iter().enumerate().filter(|(_, i)| i.is_pooled());
        let parts = pooled.map(|(index, input)| {
            let rows = self.normal_rows((index, input), usize::MAX, |_| true, None, extractor)?;
            Ok((rows, input.dimension))
        });
        let parts: Vec<(Vec<f32>, usize)> = parts.collect::<Result<_>>()?;
        let dimension: usize = parts.iter().map(|(_, dimension)| dimension).sum();
        if dimension == 0 {
            return Ok(None);
        }
        let joined = (0..self.normal.len()).flat_map(|row| {
            let parts = parts.iter();
            parts
                .flat_map(move |(rows, d)| &rows[row * d..(row + 1) * d])
                .copied()
        });
        Ok(Some(Neighbors::of(
            &joined.collect::<Vec<f32>>(),
            dimension,
        )))
    }

    /// The images of one epoch, not yet shuffled: every normal one once, and with `mixed` each
    /// abnormal one `repeats` times as it is and as often as a fresh CutPaste sample.
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

    /// The images of one batch, on all cores. `epoch` and the items decide what is pasted where.
    pub fn batch(
        &self,
        items: &[Item],
        epoch: u64,
        config: &TrainerConfig,
        extractor: &Extractor,
    ) -> Result<Vec<BatchImage>> {
        let one = |item: &Item| match *item {
            Item::Normal(index) => Ok(BatchImage {
                features: self.normal.features(index, extractor)?,
                abnormal: false,
                mask: None,
            }),
            Item::Abnormal(index) => {
                let features = self.abnormal.features(index, extractor)?;
                let mask = features.view.place(&self.sources[index].mask);
                Ok(BatchImage {
                    features,
                    abnormal: true,
                    mask: Some(mask).filter(|_| self.placed[index]),
                })
            }
            Item::Pasted(index, number) => {
                let (image, mask) = self.paste(index, epoch, number, config)?;
                let features = extractor.extract(&image);
                Ok(BatchImage {
                    mask: Some(features.view.place(&mask)),
                    features,
                    abnormal: true,
                })
            }
        };
        items.par_iter().map(one).collect()
    }

    /// RandAugmented CutPaste (section 3.4): a pure function of seed, epoch and number.
    fn paste(
        &self,
        index: usize,
        epoch: u64,
        number: u64,
        config: &TrainerConfig,
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
