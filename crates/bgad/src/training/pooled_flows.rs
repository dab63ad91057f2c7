//! Training of the flows on pooled features.
//!
//! Each image gives such a flow a single vector, so an epoch has few of them. These flows are trained after
//! each sub-epoch, repeatedly on its images, until they have done their share of the configured steps.

use bgad_data::random_stream::Purpose;
use burn::tensor::Device;
use rand::Rng;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::batch::{BatchImage, Item};
use super::level_trainer::{LevelTrainer, NewFlow};
use super::mini_batch::StepSettings;
use super::optimizer::host::Workspaces;
use super::training_set::{TrainingSet, trains_folds};
use crate::config::checked::CheckedConfig;
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;
use crate::features::image_features::ImageFeatures;
use crate::model::image_maps::mean_log_likelihoods;
use crate::model::level_flow::{LevelFlow, WhitenedFlow};
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::model::normal_statistics::NormalStatistics;

/// The flows on pooled features: the model's own and, if folds are configured, for each fold those trained
/// without its normal images.
pub(crate) struct PooledTrainers<'a> {
    config: &'a CheckedConfig,
    /// The index of the first pooled input.
    first: usize,
    own: Vec<LevelTrainer>,
    workspaces: Workspaces,
    folds: Vec<Vec<LevelTrainer>>,
    /// The images of this sub-epoch, with pooled features only; normal ones with their index.
    images: Vec<(Option<usize>, BatchImage)>,
    /// The fold of each normal input.
    fold_of: Vec<usize>,
}

/// Settings of one sub-epoch.
pub(crate) struct SubEpoch<'a> {
    /// Its index in the whole run.
    pub epoch: u64,
    /// Whether this is the first meta-epoch, which trains by maximum likelihood alone.
    pub first: bool,
    /// The learning rate from a batch's index and the number of batches.
    pub rate: &'a (dyn Fn(usize, usize) -> f64 + Sync),
}

impl<'a> PooledTrainers<'a> {
    /// New flows for the pooled ones among `inputs`.
    pub fn new(
        config: &'a CheckedConfig,
        inputs: &[FlowInput],
        set: &TrainingSet,
        statistics: &NormalStatistics,
        device: &Device,
    ) -> Result<Self> {
        let pooled = inputs.iter().filter(|input| input.is_pooled());
        let first = inputs.len() - pooled.count();
        let images = set.normal_images.len();
        let folds = match trains_folds(config, images) && first < inputs.len() {
            true => set.folds.count(),
            false => 0,
        };
        let workspaces = Workspaces::default();
        let new = |fold: Option<usize>, own: &[LevelTrainer]| {
            let number = fold.map_or(0, |fold| fold + 1);
            let wanted = |input: usize| fold.is_none_or(|fold| set.folds.of(input) != fold);
            let one = |(index, input): (usize, &FlowInput)| {
                let rows = statistics.pooled_rows(index + first, wanted);
                let new = NewFlow {
                    input,
                    index,
                    fold: number,
                    rows: &rows,
                    means: None,
                    device,
                    others: &[],
                    workspaces: &workspaces,
                    first: own.get(index),
                };
                LevelTrainer::new(config, new)
            };
            let trainers = inputs[first..].iter().enumerate().map(one);
            trainers.collect::<Result<Vec<_>>>()
        };
        let own = new(None, &[])?;
        let of_folds = (0..folds).into_par_iter();
        let of_folds = of_folds.map(|fold| new(Some(fold), &own));
        let of_folds = of_folds.collect::<Result<_>>()?;
        Ok(Self {
            config,
            first,
            own,
            workspaces,
            folds: of_folds,
            images: Vec::new(),
            fold_of: (0..set.normal.len())
                .map(|input| set.folds.of(input))
                .collect(),
        })
    }

    /// The index of the first flow on pooled features.
    pub fn first(&self) -> usize {
        self.first
    }

    /// Whether there is anything to train.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// Stores an image for this sub-epoch.
    pub fn take(&mut self, item: &Item, image: &BatchImage) {
        if self.is_empty() {
            return;
        }
        let normal = match *item {
            Item::Normal(index) => Some(index),
            _ => None,
        };
        let image = BatchImage {
            features: image.features.starting_at(self.first),
            abnormal: image.abnormal,
            mask: None,
        };
        self.images.push((normal, image));
    }

    /// Trains on the images of this sub-epoch and then drops them. Calls `done` with each batch's index and
    /// the number of batches.
    pub fn train(
        &mut self,
        sub_epoch: &SubEpoch<'_>,
        boundaries: Option<&[bgad_loss::SeparatingBoundary]>,
        done: impl Fn(usize, usize) + Sync,
    ) -> Result<()> {
        let images = std::mem::take(&mut self.images);
        if self.is_empty() || images.is_empty() {
            return Ok(());
        }
        let (config, first, fold_of) = (self.config, self.first, &self.fold_of);
        let train = |trainers: &mut [LevelTrainer], fold: Option<usize>| -> Result<()> {
            let number = fold.map_or(0, |fold| fold + 1) as u64;
            let stream = number << 32 | sub_epoch.epoch;
            let mut rng = Purpose::Pooled.stream(config.seed, stream);
            let seen = |normal: &Option<usize>| match (fold, normal) {
                (Some(fold), Some(index)) => fold_of[*index] != fold,
                _ => true,
            };
            let seen = images.iter().filter(|(normal, _)| seen(normal));
            let batches = batches(config, seen.map(|(_, image)| image).collect(), &mut rng);
            for (index, batch) in batches.iter().enumerate() {
                for (level, trainer) in trainers.iter_mut().enumerate() {
                    let settings = StepSettings {
                        config,
                        first: sub_epoch.first,
                        rate: (sub_epoch.rate)(index, batches.len()),
                        most: usize::MAX,
                        boundary: boundaries.map(|all| &all[first + level]),
                    };
                    trainer.train(batch, &settings, &mut rng)?;
                }
                if fold.is_none() {
                    done(index, batches.len());
                }
            }
            Ok(())
        };
        let own = std::iter::once((&mut self.own, None));
        let of_folds = self.folds.iter_mut().enumerate();
        let of_folds = of_folds.map(|(fold, trainers)| (trainers, Some(fold)));
        let all: Vec<_> = own.chain(of_folds).collect();
        // They are independent of each other, and each is too small for several cores.
        let trained = all
            .into_par_iter()
            .try_for_each(|(trainers, fold)| train(trainers, fold));
        // As large as a few flows, and not needed until the next sub-epoch.
        self.workspaces.clear();
        trained
    }

    /// The mean losses of the model's own flows since the last call.
    pub fn take_losses(&mut self, meta_epoch: usize) -> Result<Vec<f64>> {
        let mut losses = Vec::new();
        for trainer in &mut self.own {
            losses.extend(trainer.take_loss(meta_epoch)?);
        }
        for trainer in self.folds.iter_mut().flatten() {
            trainer.take_loss(meta_epoch)?;
        }
        Ok(losses)
    }

    /// Number of the model's own flows.
    pub fn count(&self) -> usize {
        self.own.len()
    }

    /// The model's own flows as they are now.
    pub fn flows(&self) -> impl Iterator<Item = Result<WhitenedFlow>> {
        self.own.iter().map(LevelTrainer::flow)
    }

    /// All flows, including those of the folds.
    pub fn all(&self) -> impl Iterator<Item = &LevelTrainer> {
        self.own.iter().chain(self.folds.iter().flatten())
    }

    /// All flows, mutable.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut LevelTrainer> {
        self.own.iter_mut().chain(self.folds.iter_mut().flatten())
    }

    /// Whether there are flows trained without each fold.
    pub fn holds_out(&self) -> bool {
        !self.folds.is_empty()
    }

    /// Replaces each normal training image's pooled log-likelihoods with its held-out values, from the flows
    /// trained without its fold, if there are any. `inputs` are the images' numbers among all normal inputs, and
    /// `pooled` has their pooled features only.
    pub fn hold_out(
        &self,
        inputs: &[usize],
        maps: &mut [LogLikelihoodMaps],
        pooled: &[ImageFeatures],
        device: &Device,
    ) -> Result<()> {
        for (fold, trainers) in self.folds.iter().enumerate() {
            for (index, trainer) in trainers.iter().enumerate() {
                let flow = LevelFlow::new(trainer.flow()?, self.config, trainer.input(), device)?;
                for ((input, maps), pooled) in inputs.iter().zip(maps.iter_mut()).zip(pooled) {
                    if self.fold_of[*input] != fold {
                        continue;
                    }
                    let values = mean_log_likelihoods(&flow, pooled, index)?;
                    maps.levels[self.first + index].values = values;
                }
            }
        }
        Ok(())
    }
}

/// Shuffles `images` into batches repeatedly, until there are enough for this sub-epoch's share of the
/// configured steps. Drops the remainder of each round.
fn batches<'i>(
    config: &CheckedConfig,
    mut images: Vec<&'i BatchImage>,
    rng: &mut impl Rng,
) -> Vec<Vec<&'i BatchImage>> {
    let size = config.schedule.batch_size.min(images.len()).max(1);
    let least = config
        .schedule
        .image_steps
        .div_ceil(config.schedule.meta_epochs * config.schedule.sub_epochs);
    let mut batches = Vec::new();
    while batches.len() < least && !images.is_empty() {
        images.shuffle(rng);
        batches.extend(images.chunks_exact(size).map(<[_]>::to_vec));
    }
    batches
}
