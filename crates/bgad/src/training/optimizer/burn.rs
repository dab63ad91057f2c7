//! Optimizer steps by Burn, on any device.

use bgad_flow::Flow;
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, MultiGradientsParams};
use burn::tensor::{Bytes, Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::model::places::Places;
use crate::training::mini_batch::{MiniBatch, StepSettings};
use crate::training::state::TrainingState;

/// The value of PyTorch, which the published results used; Burn's own default is larger.
const ADAM_EPSILON: f32 = 1e-8;

/// A flow and its optimizer on a device.
pub(crate) struct BurnOptimizer {
    /// With gradients.
    flow: Flow,
    adam: ModuleOptimizer,
    /// Each place's condition, without gradients.
    condition: Option<Tensor<2>>,
    device: Device,
    /// Devices that share each mini-batch with the first.
    others: Vec<Device>,
}

impl BurnOptimizer {
    pub fn new(flow: &Flow, places: &Places, device: &Device, others: &[Device]) -> Result<Self> {
        let parameters = flow.parameters().into_iter().collect();
        let tracked = device.clone().autodiff();
        let flow = flow.config().init_from(parameters, &tracked)?;
        Ok(Self {
            flow: flow.map(&mut Numbered::default()),
            adam: AdamConfig::new().with_epsilon(ADAM_EPSILON).init(),
            condition: places.on_device(device),
            device: device.clone(),
            others: others.to_vec(),
        })
    }

    pub fn flow(&self) -> Flow {
        self.flow.valid()
    }

    /// The device of the losses.
    pub fn losses_device(&self) -> Device {
        self.device.clone()
    }

    /// Saves flow and optimizer under `prefix`.
    pub fn save(&self, prefix: &str, state: &mut TrainingState<'_>) -> Result<()> {
        state.put_all(prefix, self.flow().parameters())?;
        let record = self.adam.into_bytes().map_err(failed)?;
        state.put_bytes(format!("{prefix}-adam"), record.to_vec());
        Ok(())
    }

    pub fn restore(&mut self, prefix: &str, state: &mut TrainingState<'_>) -> Result<()> {
        let tracked = self.device.clone().autodiff();
        let flow = self
            .flow
            .config()
            .init_from(state.take_all(prefix)?, &tracked)?;
        self.flow = flow.map(&mut Numbered::default());
        let record = state.take_bytes(&format!("{prefix}-adam"))?;
        let adam = AdamConfig::new().with_epsilon(ADAM_EPSILON).init();
        self.adam = adam
            .from_bytes(Bytes::from_bytes_vec(record))
            .map_err(failed)?;
        Ok(())
    }

    /// One step per mini-batch; the losses stay on the device.
    pub fn train(
        &mut self,
        features: Vec<Tensor<2>>,
        mini_batches: impl Iterator<Item = MiniBatch>,
        settings: &StepSettings<'_>,
    ) -> Result<Vec<Tensor<1>>> {
        let positions = features.first().map_or(1, |features| features.dims()[0]) as u32;
        let features = Tensor::cat(features, 0);
        let mut losses = Vec::new();
        for MiniBatch { order, normal } in mini_batches {
            if !self.others.is_empty() {
                losses.extend(self.shared_step(&features, positions, &order, normal, settings)?);
                continue;
            }
            let (x, places) = self.rows(&features, positions, &order);
            let output = self
                .flow
                .forward(x.autodiff(), places.map(Tensor::autodiff));
            let l = output.log_likelihood_per_dimension();
            if let Some(loss) = settings.loss(&l, normal)? {
                losses.push(loss.clone().inner());
                let gradients = GradientsParams::from_grads(loss.backward(), &self.flow);
                self.flow = self.adam.step(settings.rate, self.flow.clone(), gradients);
            }
        }
        Ok(losses)
    }

    /// One step on a mini-batch that all devices share; `None` if there is nothing to learn from it.
    ///
    /// The loss is not a sum over rows, because the boundary is a quantile of all normal ones. So the first
    /// device computes it from all devices' log-likelihoods, and each device backpropagates the derivatives
    /// of its own rows. Each GPU computes while commands go to the next one.
    fn shared_step(
        &mut self,
        features: &Tensor<2>,
        positions: u32,
        order: &[u32],
        normal: usize,
        settings: &StepSettings<'_>,
    ) -> Result<Option<Tensor<1>>> {
        let devices = 1 + self.others.len();
        let mut shares = Vec::new();
        for (order, device) in order
            .chunks(order.len().div_ceil(devices).max(1))
            .zip(std::iter::once(&self.device).chain(&self.others))
        {
            let flow = self.flow.clone().fork(&device.clone().autodiff());
            let (x, places) = self.rows(features, positions, order);
            let x = x.to_device(device).autodiff();
            let places = places.map(|places| places.to_device(device).autodiff());
            let l = flow.forward(x, places).log_likelihood_per_dimension();
            shares.push((flow, l));
        }
        let all = shares.iter().map(|(_, l)| l.clone().inner());
        let all = all.map(|l| l.to_device(&self.device)).collect();
        let all = Tensor::cat(all, 0).autodiff().require_grad();
        let Some(loss) = settings.loss(&all, normal)? else {
            return Ok(None);
        };
        let Some(slopes) = all.grad(&loss.backward()) else {
            return Ok(None);
        };
        let mut start = 0;
        let mut gradients = MultiGradientsParams::default();
        for (flow, l) in shares {
            let [count] = l.dims();
            let slopes = slopes.clone().narrow(0, start, count);
            let slopes = slopes.to_device(&l.device().inner()).autodiff();
            start += count;
            let of_share = GradientsParams::from_grads((l * slopes).sum().backward(), &flow);
            // All gradients are summed on the first device, which has the optimizer's state.
            gradients.grads.push((of_share, self.device.clone()));
        }
        let flow = self.flow.clone();
        self.flow = self.adam.step_multi(settings.rate, flow, gradients);
        Ok(Some(loss.inner()))
    }

    /// Rows of all images' features and the conditions of their places, on the first device.
    fn rows(
        &self,
        features: &Tensor<2>,
        positions: u32,
        order: &[u32],
    ) -> (Tensor<2>, Option<Tensor<2>>) {
        let places = self.condition.as_ref().map(|condition| {
            let places = self.indices(order.iter().map(|row| row % positions));
            condition.clone().select(0, places)
        });
        let rows = self.indices(order.iter().copied());
        (features.clone().select(0, rows), places)
    }

    fn indices(&self, indices: impl Iterator<Item = u32>) -> Tensor<1, Int> {
        let indices: Vec<i32> = indices.map(|index| index as i32).collect();
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count]), &self.device)
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Device(format!("the optimizer's state: {error}"))
}

/// Numbers the parameters 1, 2, … in order. The optimizer's state is stored by number, and must fit the same
/// flow in another process.
#[derive(Default)]
struct Numbered(u64);

impl ModuleMapper for Numbered {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.0 += 1;
        let (_, value, mapper) = parameter.consume();
        Param::from_mapped_value(ParamId::from(self.0), value, mapper)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::settings::TrainerConfig;
    use crate::features::flow_inputs::FlowInput;

    #[test]
    fn a_state_that_went_through_bytes_goes_on_the_same() {
        let device = Device::flex();
        let config = TrainerConfig::default().check().unwrap();
        let input = FlowInput {
            dimension: 6,
            side: None,
            name: "test".to_owned(),
        };
        let flow = crate::model::level_flow::init(&config, &input, 0, &device, None).unwrap();
        let places = Places::new(&config, &input).unwrap();
        let settings = StepSettings {
            most: usize::MAX,
            config: &config,
            first: true,
            rate: 1e-3,
            boundary: None,
        };
        let step = |steps: &mut BurnOptimizer, start: i32| {
            let values = (0..48).map(|i| ((start + i) as f32).sin()).collect();
            let features = Tensor::from_data(TensorData::new(values, [8, 6]), &device);
            let batch = MiniBatch {
                order: (0..8).collect(),
                normal: 8,
            };
            steps
                .train(vec![features], std::iter::once(batch), &settings)
                .unwrap();
        };
        let mut unbroken = BurnOptimizer::new(&flow, &places, &device, &[]).unwrap();
        step(&mut unbroken, 0);
        step(&mut unbroken, 7);
        let mut state = TrainingState::default();
        unbroken.save("flow.0", &mut state).unwrap();
        let mut resumed = BurnOptimizer::new(&flow, &places, &device, &[]).unwrap();
        resumed.restore("flow.0", &mut state).unwrap();
        for steps in [&mut unbroken, &mut resumed] {
            step(steps, 20);
        }
        let values = |steps: &BurnOptimizer| steps.flow().parameters();
        assert_eq!(values(&unbroken), values(&resumed));
        // Without the optimizer's state, the result would differ.
        let mut forgetful = BurnOptimizer::new(&resumed.flow(), &places, &device, &[]).unwrap();
        for steps in [&mut unbroken, &mut forgetful] {
            step(steps, 20);
        }
        assert_ne!(values(&unbroken), values(&forgetful));
    }
}
