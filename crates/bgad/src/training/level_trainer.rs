//! Optimizer steps of one level's flow.

use bgad_flow::Flow;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;

use super::batch::BatchImage;
use super::mini_batch::{MiniBatch, StepSettings};
use super::optimizer::burn::BurnOptimizer;
use super::optimizer::host::{HostOptimizer, Workspaces};
use super::state::TrainingState;
use crate::config::checked::CheckedConfig;
use crate::device::host::{is_host, read};
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInput;
use crate::model::level_flow::{self, WhitenedFlow};
use crate::model::places::Places;
use crate::model::position_means::PositionMeans;
use crate::model::whitening::{Noise, Whitening};

/// One level's flow while it is trained.
pub(crate) struct LevelTrainer {
    /// `None` if the run trains no flow.
    steps: Option<Steps>,
    /// The index of its input among an image's features.
    index: usize,
    input: FlowInput,
    scaling: Option<Whitening>,
    noise: Option<Noise>,
    /// The sum of all losses since the last [`take_loss`](Self::take_loss), on the device.
    loss: Option<Tensor<1>>,
    count: usize,
}

/// A flow to train, and on which devices.
pub(crate) struct NewFlow<'a> {
    /// The input, with its index among all inputs.
    pub input: &'a FlowInput,
    pub index: usize,
    /// Makes the flows of one input differ.
    pub fold: usize,
    /// Normal features of the input, `[rows, dimension]`, minus the `means` of their positions if there are
    /// any.
    pub rows: &'a [f32],
    pub means: Option<PositionMeans>,
    pub device: &'a Device,
    /// Devices that share each mini-batch with the first.
    pub others: &'a [Device],
    /// Memory shared with other flows.
    pub workspaces: &'a Workspaces,
    /// A trainer of the same input whose rotations are used.
    pub first: Option<&'a LevelTrainer>,
}

/// Where optimizer steps are computed.
enum Steps {
    /// By our own code on the CPU.
    Host(Box<HostOptimizer>),
    /// By Burn on any device.
    Device(Box<BurnOptimizer>),
}

impl Steps {
    /// Those of an untrained flow.
    fn new(config: &CheckedConfig, new: &NewFlow<'_>) -> Result<Self> {
        let NewFlow { input, device, .. } = *new;
        let first = new.first.and_then(|first| first.steps.as_ref());
        let rotations = first.map(Self::flow).transpose()?;
        let number = (new.fold as u64) << 32 | new.index as u64;
        let flow = &level_flow::init(config, input, number, device, rotations.as_ref())?;
        let places = &Places::new(config, input)?;
        Ok(match new.others.is_empty() && is_host(device) {
            true => {
                let first = first.and_then(|first| match first {
                    Self::Host(steps) => Some(steps.as_ref()),
                    Self::Device(_) => None,
                });
                let steps = HostOptimizer::new(flow, places, new.workspaces, first, device)?;
                Self::Host(Box::new(steps))
            }
            false => {
                let steps = BurnOptimizer::new(flow, places, device, new.others)?;
                Self::Device(Box::new(steps))
            }
        })
    }

    /// The flow as it is now, without gradients.
    fn flow(&self) -> Result<Flow> {
        match self {
            Self::Host(steps) => steps.flow(),
            Self::Device(steps) => Ok(steps.flow()),
        }
    }
}

impl LevelTrainer {
    /// An untrained flow.
    pub fn new(config: &CheckedConfig, new: NewFlow<'_>) -> Result<Self> {
        let NewFlow { input, device, .. } = new;
        let kind = config.features.scaling;
        let steps = match config.schedule.trains(config.model) {
            true => Some(Steps::new(config, &new)?),
            false => None,
        };
        let (scaling, noise) =
            Whitening::of_rows(kind, new.rows, new.means, input.dimension, device)?;
        Ok(Self {
            steps,
            index: new.index,
            input: input.clone(),
            scaling,
            // There are many positions, so the flow can't memorise them.
            noise: noise.filter(|_| input.is_pooled()),
            loss: None,
            count: 0,
        })
    }

    /// The flow as it is now, without gradients.
    pub fn flow(&self) -> Result<WhitenedFlow> {
        Ok(WhitenedFlow {
            scaling: self.scaling.clone(),
            flow: self.steps.as_ref().map(Steps::flow).transpose()?,
        })
    }

    /// Saves everything that training has changed, under `prefix`.
    pub fn save<'a>(&'a self, prefix: &str, state: &mut TrainingState<'a>) -> Result<()> {
        match &self.steps {
            None => return Ok(()),
            Some(Steps::Host(steps)) => steps.save(prefix, state),
            Some(Steps::Device(steps)) => steps.save(prefix, state)?,
        }
        let loss = self.loss.clone().map(read).transpose()?.unwrap_or_default();
        state.put_few(format!("{prefix}-loss"), &loss);
        state.put_integer(format!("{prefix}-losses"), self.count as u64);
        Ok(())
    }

    /// Restores what [`save`](Self::save) saved.
    pub fn restore(&mut self, prefix: &str, state: &mut TrainingState<'_>) -> Result<()> {
        let device = match &mut self.steps {
            None => return Ok(()),
            Some(Steps::Host(steps)) => {
                steps.restore(prefix, state)?;
                steps.losses_device()
            }
            Some(Steps::Device(steps)) => {
                steps.restore(prefix, state)?;
                steps.losses_device()
            }
        };
        let loss = state.take_numbers(&format!("{prefix}-loss"))?;
        self.loss = match loss.as_slice() {
            [] => None,
            [sum] => Some(Tensor::from_data(TensorData::new(vec![*sum], [1]), &device)),
            more => {
                let found = format!("{} numbers", more.len());
                return Err(Error::state("loss", found, "the sum of all"));
            }
        };
        self.count = state.integer(&format!("{prefix}-losses"))? as usize;
        Ok(())
    }

    /// The flow's input.
    pub fn input(&self) -> &FlowInput {
        &self.input
    }

    /// Shuffles the positions of all images of a batch together and trains on them in mini-batches, without
    /// those in the padding. The remainder is dropped; fewer features than one mini-batch form one
    /// mini-batch.
    pub fn train(
        &mut self,
        images: &[&BatchImage],
        settings: &StepSettings<'_>,
        rng: &mut impl Rng,
    ) -> Result<()> {
        let features = images.iter().map(|image| {
            let x = image.features.level(self.index);
            let x = match &self.scaling {
                Some(scaling) => scaling.apply(x),
                None => x,
            };
            match &self.noise {
                Some(noise) => noise.add(x, rng),
                None => x,
            }
        });
        let features: Vec<Tensor<2>> = features.collect();
        let positions = features.first().map_or(0, |features| features.dims()[0]);
        let total = positions * images.len();
        let abnormal = self.abnormal_positions(images, positions);
        let mut order: Vec<u32> = (0..total as u32).collect();
        // Positions in an image's padding are not trained on.
        if let (Some(side), true) = (
            self.input.side,
            images.iter().any(|i| i.features.view.is_padded()),
        ) {
            let counts = images
                .iter()
                .flat_map(|image| image.features.view.counts(side));
            let counts: Vec<bool> = counts.collect();
            order.retain(|&row| counts[row as usize]);
        }
        order.shuffle(rng);
        let size = settings
            .config
            .schedule
            .mini_batch_size
            .min(order.len())
            .max(1);
        let mini_batches = order.chunks_exact(size).take(settings.most).map(|order| {
            let (of_defects, mut order): (Vec<u32>, Vec<u32>) =
                order.iter().partition(|&&row| abnormal[row as usize]);
            let normal = order.len();
            order.extend(of_defects);
            MiniBatch { order, normal }
        });
        let losses = match &mut self.steps {
            None => Vec::new(),
            Some(Steps::Host(steps)) => steps.train(features, mini_batches, settings)?,
            Some(Steps::Device(steps)) => steps.train(features, mini_batches, settings)?,
        };
        for loss in losses {
            self.loss = Some(match self.loss.take() {
                Some(sum) => sum + loss,
                None => loss,
            });
            self.count += 1;
        }
        Ok(())
    }

    /// Whether each position of a batch, image by image, is abnormal.
    fn abnormal_positions(&self, images: &[&BatchImage], positions: usize) -> Vec<bool> {
        let of_image = |image: &&BatchImage| match (&image.mask, self.input.side) {
            (Some(mask), Some(side)) => {
                let side = side as u32;
                mask.to_feature_size(side, side).pixels().to_vec()
            }
            _ => vec![image.abnormal; positions],
        };
        images.iter().flat_map(of_image).collect()
    }

    /// The mean loss of the steps since the last call.
    ///
    /// # Errors
    /// [`Error::Diverged`] if it is not finite.
    pub fn take_loss(&mut self, meta_epoch: usize) -> Result<Option<f64>> {
        let Some(sum) = self.loss.take() else {
            return Ok(None);
        };
        let steps = std::mem::take(&mut self.count);
        let loss = read(sum)?.first().copied().unwrap_or(f32::NAN) / steps as f32;
        match loss.is_finite() {
            true => Ok(Some(f64::from(loss))),
            false => Err(Error::Diverged {
                meta_epoch,
                input: self.input.name.clone(),
                loss,
            }),
        }
    }
}
