//! A network's layers, where they run best.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::architecture::Architecture;
use crate::backbone::{FeaturePyramid, NamedTensor};
use crate::blocks::{Activation, BlockLayers, Builder, ConvLayer};
use crate::collected::Collected;
use crate::host::{HostBuilder, HostNetwork};
use crate::plan::Plan;

#[derive(Debug, Clone)]
pub(crate) enum Layers {
    /// Our own loops on the CPU.
    Host(Arc<HostNetwork>),
    /// Burn's operations on any device.
    Tensors {
        stem: Box<ConvLayer>,
        stages: Vec<Stage>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Stage {
    blocks: Vec<BlockLayers>,
    /// Its output is one of the levels.
    tapped: bool,
}

/// Whether a device's tensors lie in the CPU's memory. Burn has no question for that which does not
/// depend on its features; a device of unknown name counts as another one, which is slower there.
fn on_cpu(device: &Device) -> bool {
    let name = format!("{:?}", device.as_dispatch());
    name.starts_with("Flex") || name.starts_with("NdArray")
}

impl Layers {
    /// Layers for a device, from what the plan collected.
    pub fn new(
        architecture: Architecture,
        plan: &Plan,
        parameters: &[NamedTensor],
        device: &Device,
    ) -> Self {
        if !on_cpu(device) {
            return Self::on_tensors(architecture, plan, parameters, device);
        }
        let builder = HostBuilder {
            source: Collected(parameters.iter()),
            activation: Activation::of(architecture),
        };
        let Ok(network) = builder.network(plan);
        Self::Host(Arc::new(network))
    }

    /// Burn's operations.
    pub fn on_tensors(
        architecture: Architecture,
        plan: &Plan,
        parameters: &[NamedTensor],
        device: &Device,
    ) -> Self {
        let mut builder = Builder {
            source: Collected(parameters.iter()),
            activation: Activation::of(architecture),
            device,
        };
        let Ok(stem) = builder.convolution(&plan.stem);
        let stages = plan.stages.iter().enumerate().map(|(index, blocks)| {
            let blocks = blocks.iter().map(|block| {
                let Ok(block) = builder.block(block);
                block
            });
            Stage {
                blocks: blocks.collect(),
                tapped: plan.taps.iter().any(|&(stage, _)| stage == index),
            }
        });
        let stages = stages.collect();
        Self::Tensors {
            stem: Box::new(stem),
            stages,
        }
    }

    pub fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        match self {
            Self::Host(network) => on_host(network, images),
            Self::Tensors { stem, stages } => {
                let mut x = stem.forward(images);
                let mut levels = Vec::new();
                for stage in stages {
                    x = stage.blocks.iter().fold(x, |x, block| block.forward(x));
                    if stage.tapped {
                        levels.push(x.clone());
                    }
                }
                FeaturePyramid::new(levels)
            }
        }
    }
}

#[allow(clippy::panic)] // as Burn's own operations would
fn on_host(network: &HostNetwork, images: Tensor<4>) -> FeaturePyramid {
    let device = images.device();
    let [batch, channels, height, width] = images.dims();
    assert!(
        channels == 3 && batch * height * width > 0,
        "images of shape [{batch}, {channels}, {height}, {width}], not [batch, 3, height, width]"
    );
    let values = match images.into_data().convert::<f32>().try_to_vec::<f32>() {
        Ok(values) => values,
        Err(error) => panic!("images that cannot be read: {error:?}"),
    };
    let levels = network.extract(&values, height, width);
    let levels = levels.into_iter().map(|map| {
        let shape = [batch, map.height, map.width, map.channels];
        // A view of the same memory.
        Tensor::<4>::from_data(TensorData::new(map.values, shape), &device).permute([0, 3, 1, 2])
    });
    FeaturePyramid::new(levels.collect())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::on_cpu;

    #[test]
    fn burns_cpu_device_is_known() {
        assert!(on_cpu(&Device::flex()));
    }
}
