//! Optimizer steps by our own code, on the CPU.

use std::sync::{Arc, Mutex, PoisonError};

use bgad_flow::{Conditions, Flow, FlowConfig, HostAdam, HostFlow, Workspace};
use burn::tensor::{Device, Tensor, TensorData};

use crate::device::host::read;
use crate::error::{Error, Result};
use crate::model::places::Places;
use crate::training::mini_batch::{MiniBatch, StepSettings};
use crate::training::state::TrainingState;

/// Memory for steps, shared by flows that are trained in turn or at the same time. It grows to the number of
/// simultaneous steps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workspaces(Arc<Mutex<Vec<(FlowConfig, Workspace)>>>);

impl Workspaces {
    /// Returns all of it to the system.
    pub fn clear(&self) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spare.clear();
    }

    fn take(&self, flow: &HostFlow) -> Workspace {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = spare.iter().position(|(of, _)| *of == flow.config());
        fitting.map_or_else(Workspace::default, |index| spare.swap_remove(index).1)
    }

    fn give_back(&self, flow: &HostFlow, workspace: Workspace) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push((flow.config(), workspace));
    }
}

/// A flow and its optimizer on the host.
pub(crate) struct HostOptimizer {
    flow: HostFlow,
    adam: HostAdam,
    conditions: Conditions,
    workspaces: Workspaces,
    device: Device,
}

impl HostOptimizer {
    pub fn new(
        flow: &Flow,
        places: &Places,
        workspaces: &Workspaces,
        first: Option<&Self>,
        device: &Device,
    ) -> Result<Self> {
        let mut flow = HostFlow::new(flow)?;
        if let Some(first) = first {
            flow.share_rotations(&first.flow);
        }
        Ok(Self {
            flow,
            adam: HostAdam::new(),
            conditions: places.on_host(),
            workspaces: workspaces.clone(),
            device: device.clone(),
        })
    }

    pub fn flow(&self) -> Result<Flow> {
        Ok(self.flow.to_flow(&self.device)?)
    }

    /// The device of the losses.
    pub fn losses_device(&self) -> Device {
        self.device.clone()
    }

    /// Saves flow and optimizer under `prefix`.
    pub fn save<'a>(&'a self, prefix: &str, state: &mut TrainingState<'a>) {
        state.put_numbers(format!("{prefix}-values"), self.flow.trained());
        // Rotations follow from the seed; one row is enough to check that they still do.
        state.put_few(format!("{prefix}-rotation"), &self.first_rotated());
        let (means, squares) = self.adam.moments();
        state.put_numbers(format!("{prefix}-means"), means);
        state.put_numbers(format!("{prefix}-squares"), squares);
        state.put_integer(format!("{prefix}-steps"), self.adam.steps() as u64);
    }

    /// The image of the first axis under the first block's rotation.
    fn first_rotated(&self) -> Vec<f32> {
        let mut rotation = self.flow.rotation(0).unwrap_or_default();
        rotation.truncate(self.flow.config().dimension);
        rotation
    }

    pub fn restore(&mut self, prefix: &str, state: &mut TrainingState<'_>) -> Result<()> {
        if state.take_numbers(&format!("{prefix}-rotation"))? != self.first_rotated() {
            let expected = "those that follow from the seed in this version of the program";
            return Err(Error::state("rotations", "different", expected));
        }
        let values = state.take_numbers(&format!("{prefix}-values"))?;
        self.flow.set_trained(values)?;
        let steps = state.integer(&format!("{prefix}-steps"))?;
        let steps = i32::try_from(steps).unwrap_or(i32::MAX);
        let means = state.take_numbers(&format!("{prefix}-means"))?;
        let squares = state.take_numbers(&format!("{prefix}-squares"))?;
        let (found, expected) = (means.len(), self.flow.trained().len());
        let wrong = || {
            Error::state(
                "optimizer",
                format!("{found} moments"),
                format!("{expected}"),
            )
        };
        if found != expected && found != 0 {
            return Err(wrong());
        }
        self.adam = HostAdam::restored(steps, means, squares).ok_or_else(wrong)?;
        Ok(())
    }

    /// One step per mini-batch.
    pub fn train(
        &mut self,
        features: Vec<Tensor<2>>,
        mini_batches: impl Iterator<Item = MiniBatch>,
        settings: &StepSettings<'_>,
    ) -> Result<Vec<Tensor<1>>> {
        let [positions, dimension] = features.first().map_or([1, 1], |features| features.dims());
        let features = features.into_iter().map(read);
        let features: Vec<Vec<f32>> = features.collect::<Result<_>>()?;
        let tracked = self.device.clone().autodiff();
        let mut losses = Vec::new();
        let mut workspace = self.workspaces.take(&self.flow);
        for MiniBatch { order, normal } in mini_batches {
            let places: Vec<u32> = order.iter().map(|row| row % positions as u32).collect();
            let row = |i: usize| {
                let (image, place) = (order[i] as usize / positions, places[i] as usize);
                &features[image][place * dimension..][..dimension]
            };
            // The objective is small, so tensors with gradients are fast enough for it on the host.
            let slopes = |l: &[f32]| {
                let l = TensorData::new(l.to_vec(), [l.len()]);
                let l = Tensor::<1>::from_data(l, &tracked).require_grad();
                let Some(loss) = settings.loss(&l, normal)? else {
                    return Ok::<_, Error>(None);
                };
                losses.push(loss.clone().inner());
                l.grad(&loss.backward()).map(read).transpose()
            };
            self.flow.step(
                &mut self.adam,
                settings.rate,
                (row, &places),
                &self.conditions,
                &mut workspace,
                slopes,
            )?;
        }
        self.workspaces.give_back(&self.flow, workspace);
        Ok(losses)
    }
}
