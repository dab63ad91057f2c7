//! A network's layers by Burn's operations, on any device.

use burn::tensor::{Device, Tensor};

use crate::activation::Activation;
use crate::blocks::{BlockLayers, Builder, ConvLayer};
use crate::collected::Collected;
use crate::network::Network;
use crate::tensors::FeaturePyramid;

#[derive(Debug, Clone)]
pub(crate) struct TensorLayers {
    stem: ConvLayer,
    stages: Vec<Stage>,
}

#[derive(Debug, Clone)]
struct Stage {
    blocks: Vec<BlockLayers>,
    /// Whether its output is one of the levels.
    tapped: bool,
}

impl TensorLayers {
    pub fn new(network: &Network, device: &Device) -> Self {
        let plan = network.plan();
        let mut builder = Builder {
            source: Collected(network.parameters.iter()),
            activation: Activation::of(network.architecture),
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
        Self { stem, stages }
    }

    pub fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let mut x = self.stem.forward(images);
        let mut levels = Vec::new();
        for stage in &self.stages {
            x = stage.blocks.iter().fold(x, |x, block| block.forward(x));
            if stage.tapped {
                levels.push(x.clone());
            }
        }
        FeaturePyramid::new(levels)
    }
}
