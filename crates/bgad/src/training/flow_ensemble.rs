//! All flows of a run while they are trained.

use bgad_loss::SeparatingBoundary;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::level_trainer::{LevelTrainer, NewFlow};
use super::optimizer::host::Workspaces;
use super::pooled_flows::PooledTrainers;
use super::state::TrainingState;
use super::training_set::TrainingSet;
use crate::config::checked::CheckedConfig;
use crate::device::host::read;
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInput;
use crate::model::level_flow::WhitenedFlow;
use crate::model::normal_statistics::{LevelRows, NormalStatistics};

/// The flows on positions, the flows on pooled features, and their boundaries.
pub(crate) struct FlowTrainers<'a> {
    pub positions: Vec<LevelTrainer>,
    /// Memory that flows on positions share.
    pub workspaces: Workspaces,
    pub pooled: PooledTrainers<'a>,
    /// The boundaries over the whole set after the last meta-epoch, one per flow.
    pub boundaries: Option<Vec<SeparatingBoundary>>,
}

impl<'a> FlowTrainers<'a> {
    /// New flows for `inputs` on the first device. The other devices share the work on position flows only;
    /// the mini-batches of pooled flows are too small to share.
    pub fn new(
        config: &'a CheckedConfig,
        inputs: &[FlowInput],
        set: &TrainingSet,
        statistics: &mut NormalStatistics,
        (device, others): (&Device, &[Device]),
    ) -> Result<Self> {
        let workspaces = Workspaces::default();
        let of_positions = inputs.iter().enumerate().filter(|(_, i)| !i.is_pooled());
        let of_positions =
            of_positions.map(|(index, input)| (index, input, statistics.take_level(index)));
        let of_positions: Vec<_> = of_positions.collect();
        let positions = of_positions.into_par_iter().map(|(index, input, level)| {
            let LevelRows { rows, means } = level;
            let new = NewFlow {
                input,
                index,
                fold: 0,
                rows: &rows,
                means,
                device,
                others,
                workspaces: &workspaces,
                first: None,
            };
            LevelTrainer::new(config, new)
        });
        let positions = positions.collect::<Result<_>>()?;
        Ok(Self {
            positions,
            workspaces: workspaces.clone(),
            pooled: PooledTrainers::new(config, inputs, set, statistics, device)?,
            boundaries: None,
        })
    }

    /// The flows as they are now, one per input.
    pub fn current(&self) -> Result<Vec<WhitenedFlow>> {
        let positions = self.positions.iter().map(LevelTrainer::flow);
        positions.chain(self.pooled.flows()).collect()
    }

    /// The mean loss of all steps of all flows since the last call.
    pub fn take_loss(&mut self, meta_epoch: usize) -> Result<Option<f64>> {
        let mut losses = self.pooled.take_losses(meta_epoch)?;
        for trainer in &mut self.positions {
            losses.extend(trainer.take_loss(meta_epoch)?);
        }
        let count = losses.len() as f64;
        Ok((!losses.is_empty()).then(|| losses.iter().sum::<f64>() / count))
    }

    /// Everything that training has changed.
    pub fn state(&self) -> Result<TrainingState<'_>> {
        let mut state = TrainingState::default();
        for (name, trainer) in self.named() {
            trainer.save(&name, &mut state)?;
        }
        for (index, boundary) in self.boundaries.iter().flatten().enumerate() {
            let values = [&boundary.normal, &boundary.abnormal].map(|b| read(b.clone()));
            let [normal, abnormal] = values;
            let values = [normal?, abnormal?].concat();
            state.put_few(format!("boundary.{index}"), &values);
        }
        let boundaries = self.boundaries.as_ref().map_or(0, Vec::len);
        state.put_integer("boundaries".to_owned(), boundaries as u64);
        Ok(state)
    }

    /// Restores a state saved by [`state`](Self::state).
    pub fn restore(&mut self, mut state: TrainingState<'_>, device: &Device) -> Result<()> {
        let names: Vec<String> = self.named().map(|(name, _)| name).collect();
        let positions = self.positions.iter_mut();
        for (name, trainer) in names.iter().zip(positions.chain(self.pooled.all_mut())) {
            trainer.restore(name, &mut state)?;
        }
        let count = state.integer("boundaries")?;
        let flows = self.positions.len() + self.pooled.count();
        if count != 0 && count != flows as u64 {
            let expected = format!("none, or {flows}, one a flow");
            return Err(Error::state("boundaries", count, expected));
        }
        let one = |index| {
            let values = state.take_numbers(&format!("boundary.{index}"))?;
            let [normal, abnormal] = values.as_slice() else {
                let found = format!("{} numbers", values.len());
                return Err(Error::state("boundary", found, "two"));
            };
            let of = |value: f32| Tensor::from_data(TensorData::new(vec![value], [1]), device);
            Ok(SeparatingBoundary {
                normal: of(*normal),
                abnormal: of(*abnormal),
            })
        };
        let boundaries: Vec<_> = (0..count).map(one).collect::<Result<_>>()?;
        self.boundaries = (count > 0).then_some(boundaries);
        Ok(())
    }

    fn named(&self) -> impl Iterator<Item = (String, &LevelTrainer)> {
        let positions = self.positions.iter();
        let all = positions.chain(self.pooled.all()).enumerate();
        all.map(|(index, trainer)| (format!("flow.{index}"), trainer))
    }
}
