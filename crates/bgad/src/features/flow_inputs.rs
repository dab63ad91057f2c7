//! What the flows see: which vectors are made of a feature pyramid.

use bgad_backbone::Level;

use crate::config::choices::{Granularity, PooledLevels, Pooling};
use crate::config::settings::TrainerConfig;

/// What one flow sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowInput {
    /// The dimension of its vectors.
    pub dimension: usize,
    /// Width and height of the map whose positions are its conditions; none for pooled features,
    /// of which an image has one vector.
    pub side: Option<usize>,
    /// The level as people call it: `stride 8`, `stride 8, mean` or `all strides, maximum`.
    pub name: String,
}

impl FlowInput {
    /// Whether an image has one vector of it rather than one at each position.
    pub fn is_pooled(&self) -> bool {
        self.side.is_none()
    }
}

/// Which inputs a model has: the maps' positions level by level, then the pooled features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlowInputs {
    pub(super) positions: bool,
    pub(super) pooled: Option<(Pooling, PooledLevels)>,
    image_size: u32,
}

/// The width and height of a level's map.
pub(crate) fn map_size(image_size: u32, stride: usize) -> usize {
    (image_size as usize).div_ceil(stride)
}

/// What is pooled into one vector. Maxima have one of their own: they say other things than moments
/// do, and in one vector either drowns among the other's dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Mean,
    MeanStd,
    Max,
}

impl Part {
    /// The vectors of a pooling.
    pub fn of(pooling: Pooling) -> &'static [Self] {
        match pooling {
            Pooling::Mean => &[Self::Mean],
            Pooling::MeanStd => &[Self::MeanStd],
            Pooling::MeanStdMax => &[Self::MeanStd, Self::Max],
        }
    }

    fn dimension(self, channels: usize) -> usize {
        match self {
            Self::Mean | Self::Max => channels,
            Self::MeanStd => 2 * channels,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::MeanStd => "mean and deviation",
            Self::Max => "maximum",
        }
    }
}

impl FlowInputs {
    pub fn new(config: &TrainerConfig, granularity: Granularity) -> Self {
        let positions = granularity == Granularity::Pixel;
        let pooled = !positions || config.pooled_flows;
        Self {
            positions,
            pooled: pooled.then_some((config.pooling, config.pooled_levels)),
            image_size: config.image_size,
        }
    }

    /// One entry a flow, in the order of their vectors.
    pub fn list(&self, levels: &[Level]) -> Vec<FlowInput> {
        let mut inputs = Vec::new();
        if self.positions {
            inputs.extend(levels.iter().map(|level| FlowInput {
                dimension: level.channels,
                side: Some(map_size(self.image_size, level.stride)),
                name: format!("stride {}", level.stride),
            }));
        }
        let Some((pooling, pooled_levels)) = self.pooled else {
            return inputs;
        };
        for part in Part::of(pooling) {
            let of_levels = levels.iter().map(|level| FlowInput {
                dimension: part.dimension(level.channels),
                side: None,
                name: format!("stride {}, {}", level.stride, part.name()),
            });
            match pooled_levels {
                PooledLevels::Separate => inputs.extend(of_levels),
                PooledLevels::Joined => inputs.push(FlowInput {
                    dimension: of_levels.map(|input| input.dimension).sum(),
                    side: None,
                    name: format!("all strides, {}", part.name()),
                }),
            }
        }
        inputs
    }
}
