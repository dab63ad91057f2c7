//! One meta-epoch: the batches of its sub-epochs.

use std::time::{Duration, Instant};

use bgad_data::random_stream::Purpose;
use rand::Rng;
use rand::seq::SliceRandom;

use super::batch::{BatchImage, Item};
use super::checkpoints::Position;
use super::flow_ensemble::FlowTrainers;
use super::learning_rate::LearningRate;
use super::mini_batch::StepSettings;
use super::pooled_flows::SubEpoch;
use super::progress::Progress;
use super::run::Run;
use super::training_set::TrainingSet;
use crate::config::checked::CheckedConfig;
use crate::config::choices::Model;
use crate::error::Result;

impl Run<'_> {
    /// Trains from `position` to the end of its meta-epoch. Between batches it calls `between` with the
    /// position reached; an error from it ends the run.
    pub(crate) fn meta_epoch(
        &mut self,
        position: Position,
        set: &TrainingSet,
        flows: &mut FlowTrainers<'_>,
        mut between: impl FnMut(&mut Self, Position, &FlowTrainers<'_>) -> Result<()>,
    ) -> Result<()> {
        let config = self.config;
        let meta_epoch = position.meta_epoch;
        let first = meta_epoch == 0;
        let mixed = config.model == Model::BgadFas && !first;
        let schedule = LearningRate {
            peak: config.schedule.learning_rate,
            meta_epochs: config.schedule.meta_epochs,
            sub_epochs: config.schedule.sub_epochs,
        };
        for sub_epoch in position.sub_epoch..config.schedule.sub_epochs {
            // Batches completed before an interruption are shuffled again, to reach the same random state.
            let done = match sub_epoch == position.sub_epoch {
                true => position.batch,
                false => 0,
            };
            let epoch = (meta_epoch * config.schedule.sub_epochs + sub_epoch) as u64;
            let mut shuffle = Purpose::Images.stream(config.seed, epoch);
            let mut places = Purpose::Positions.stream(config.seed, epoch);
            if done > 0 {
                places.set_word_pos(joined(position.words));
            }
            let items = set.items(mixed, config.abnormal.repeats, config.abnormal.paste);
            let (placed, mut others): (Vec<_>, Vec<_>) = items
                .into_iter()
                .partition(|item| !flows.positions.is_empty() && set.is_placed(item));
            let (batches, remainder) = self.batches(placed, &mut shuffle);
            others.extend(remainder);
            let most = most_mini_batches(config, batches.len());
            let begin = match flows.pooled.is_empty() {
                true => done,
                false => 0,
            };
            let load = |index: usize| {
                let items = batches.get(index).map_or(&[] as &[Item], Vec::as_slice);
                set.batch(items, epoch, config)
            };
            let start = Instant::now();
            let mut next = load(begin);
            self.spent(start.elapsed(), start.elapsed());
            for (index, items) in batches.iter().enumerate().skip(begin) {
                let images = next?;
                let start = Instant::now();
                let batch: Vec<&BatchImage> = images.iter().collect();
                let rate = schedule.at(meta_epoch, sub_epoch, index, batches.len());
                let boundaries = flows.boundaries.as_deref();
                let positions = flows.positions.iter_mut().enumerate();
                let mut trained = Duration::ZERO;
                // Meanwhile the next batch's images are loaded, pasted and sent through the backbone.
                next = beside(
                    || load(index + 1),
                    || {
                        for (level, trainer) in positions {
                            if index < done {
                                break;
                            }
                            let settings = StepSettings {
                                config,
                                first,
                                rate,
                                most,
                                boundary: boundaries.map(|all| &all[level]),
                            };
                            trainer.train(&batch, &settings, &mut places)?;
                        }
                        trained = start.elapsed();
                        Ok(())
                    },
                )?;
                for (item, image) in items.iter().zip(&images) {
                    flows.pooled.take(item, image);
                }
                self.spent(start.elapsed() - trained, start.elapsed());
                if index < done {
                    continue;
                }
                self.tell_batch(meta_epoch, sub_epoch, (index, batches.len()), rate);
                let position = Position {
                    meta_epoch,
                    sub_epoch,
                    batch: index + 1,
                    words: split(places.get_word_pos()),
                };
                between(self, position, flows)?;
            }
            let start = Instant::now();
            if !flows.pooled.is_empty() {
                for items in others.chunks(config.schedule.batch_size) {
                    let images = set.batch(items, epoch, config)?;
                    for (item, image) in items.iter().zip(&images) {
                        flows.pooled.take(item, image);
                    }
                }
            }
            let loaded = start.elapsed();
            flows.workspaces.clear();
            let rate = |index, count| schedule.at(meta_epoch, sub_epoch, index, count);
            let of_sub_epoch = SubEpoch {
                epoch,
                first,
                rate: &rate,
            };
            let alone = flows.positions.is_empty();
            let boundaries = flows.boundaries.as_deref();
            flows
                .pooled
                .train(&of_sub_epoch, boundaries, |index, count| {
                    if alone {
                        let rate = rate(index, count);
                        self.tell_batch(meta_epoch, sub_epoch, (index, count), rate);
                    }
                })?;
            self.spent(loaded, start.elapsed());
            let position = Position {
                meta_epoch,
                sub_epoch: sub_epoch + 1,
                ..Position::default()
            };
            between(self, position, flows)?;
        }
        Ok(())
    }

    /// Shuffles `items` into batches and a remainder; fewer items than a batch form one batch.
    fn batches(&self, mut items: Vec<Item>, rng: &mut impl Rng) -> (Vec<Vec<Item>>, Vec<Item>) {
        let size = self.config.schedule.batch_size.min(items.len()).max(1);
        items.shuffle(rng);
        let batches = items.chunks_exact(size);
        let remainder = batches.remainder().to_vec();
        (batches.map(<[Item]>::to_vec).collect(), remainder)
    }

    /// Reports a batch; assumes that all sub-epochs have as many batches as this one.
    fn tell_batch(
        &self,
        meta_epoch: usize,
        sub_epoch: usize,
        (batch, batches): (usize, usize),
        learning_rate: f64,
    ) {
        let sub_epochs = self.config.schedule.sub_epochs;
        self.context.tell(Progress::Batch {
            meta_epoch: meta_epoch + 1,
            done: (meta_epoch * sub_epochs + sub_epoch) * batches + batch + 1,
            total: self.config.schedule.meta_epochs * sub_epochs * batches,
            learning_rate,
        });
    }

    fn spent(&mut self, loaded: Duration, all: Duration) {
        self.seconds.features += loaded.as_secs_f64();
        self.seconds.flow += (all - loaded).as_secs_f64();
    }
}

/// How many mini-batches of positions each batch of images may give, so that the run has the configured
/// number of steps; at least one.
fn most_mini_batches(config: &CheckedConfig, batches: usize) -> usize {
    let schedule = &config.schedule;
    let all = schedule.meta_epochs * schedule.sub_epochs * batches.max(1);
    match schedule.position_steps {
        0 => usize::MAX,
        steps => steps.div_ceil(all),
    }
}

/// Runs `other` on another thread while `work` runs on this one. Returns `work`'s error, else the result of
/// `other`.
fn beside<T: Send>(
    other: impl FnOnce() -> Result<T> + Send,
    work: impl FnOnce() -> Result<()>,
) -> Result<Result<T>> {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let worked = work();
        let other = other.join();
        worked?;
        Ok(other.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// A generator's position in its stream, as stored in a file.
fn split(words: u128) -> [u64; 2] {
    [words as u64, (words >> 64) as u64]
}

fn joined([low, high]: [u64; 2]) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}
