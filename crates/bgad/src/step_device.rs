//! Steps by Burn, on any device.

use bgad_flow::Flow;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::Result;
use crate::flows::Places;
use crate::step::{MiniBatch, StepSettings};

/// PyTorch's, with which the method was published; Burn's own default is larger.
const ADAM_EPSILON: f32 = 1e-8;

/// A flow with its optimizer on a device.
pub(crate) struct DeviceSteps {
    /// Tracked for gradients.
    flow: Flow,
    adam: ModuleOptimizer,
    /// The condition of each place, without gradients.
    condition: Option<Tensor<2>>,
    device: Device,
}

impl DeviceSteps {
    pub fn new(flow: &Flow, places: &Places, device: &Device) -> Result<Self> {
        let parameters = flow.parameters().into_iter().collect();
        let tracked = device.clone().autodiff();
        Ok(Self {
            flow: flow.config().init_from(parameters, &tracked)?,
            adam: AdamConfig::new().with_epsilon(ADAM_EPSILON).init(),
            condition: places.on_device(device),
            device: device.clone(),
        })
    }

    pub fn flow(&self) -> Flow {
        self.flow.valid()
    }

    /// One step a mini-batch; the losses stay on the device.
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
            let places = order.iter().map(|row| row % positions);
            let places = self.condition.as_ref().map(|condition| {
                let places = self.indices(places);
                condition.clone().select(0, places).autodiff()
            });
            let rows = self.indices(order.iter().copied());
            let x = features.clone().select(0, rows);
            let output = self.flow.forward(x.autodiff(), places);
            let l = output.log_likelihood_per_dimension();
            if let Some(loss) = settings.loss(&l, normal)? {
                losses.push(loss.clone().inner());
                let gradients = GradientsParams::from_grads(loss.backward(), &self.flow);
                self.flow = self.adam.step(settings.rate, self.flow.clone(), gradients);
            }
        }
        Ok(losses)
    }

    fn indices(&self, indices: impl Iterator<Item = u32>) -> Tensor<1, Int> {
        let indices: Vec<i32> = indices.map(|index| index as i32).collect();
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count]), &self.device)
    }
}
