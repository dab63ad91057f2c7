//! What the flows see: which vectors are made of a feature pyramid.

use bgad_backbone::{FeaturePyramid, Level};
use burn::tensor::Tensor;

use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, PooledLevels, Pooling};
use crate::input::view::View;

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
    positions: bool,
    pooled: Option<(Pooling, PooledLevels)>,
    image_size: u32,
}

/// The width and height of a level's map.
pub(crate) fn map_size(image_size: u32, stride: usize) -> usize {
    (image_size as usize).div_ceil(stride)
}

/// What is pooled into one vector. Maxima have one of their own: they say other things than moments
/// do, and in one vector either drowns among the other's dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Mean,
    MeanStd,
    Max,
}

impl Part {
    /// The vectors of a pooling.
    fn of(pooling: Pooling) -> &'static [Self] {
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

    /// `[positions, channels]` to `[1, dimension]`.
    fn pool(self, rows: &Tensor<2>) -> Tensor<2> {
        let [positions, _] = rows.dims();
        match self {
            Self::Max => rows.clone().max_dim(0),
            Self::Mean => rows.clone().mean_dim(0),
            Self::MeanStd => {
                let mean = rows.clone().mean_dim(0);
                let squared = (rows.clone() - mean.clone()).square().sum_dim(0);
                let deviation = (squared / (positions.max(2) - 1) as f64).sqrt();
                Tensor::cat(vec![mean, deviation], 1)
            }
        }
    }
}

impl FlowInputs {
    pub fn new(config: &CheckedConfig, granularity: Granularity) -> Self {
        let positions = granularity == Granularity::Pixel;
        let pooled = !positions || config.pooled.flows;
        Self {
            positions,
            pooled: pooled.then_some((config.pooled.pooling, config.pooled.levels)),
            image_size: config.input.image_size,
        }
    }

    /// One entry a flow, in the order of [`vectors`](Self::vectors).
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

    /// One input's vectors, a matrix a flow: `[height · width, channels]`, a row a position, of each
    /// level; then `[1, dimension]` of the pooled features. Positions in the padding have rows too,
    /// but are not pooled.
    pub fn vectors(&self, pyramid: FeaturePyramid, view: &View) -> Vec<Tensor<2>> {
        let mut vectors = Vec::new();
        let parts = self
            .pooled
            .map_or(&[] as &[_], |(pooling, _)| Part::of(pooling));
        let mut pooled = vec![Vec::new(); parts.len()];
        for map in pyramid.into_levels() {
            let [_, channels, height, width] = map.dims();
            // On the CPU this is how the map lies in memory.
            let map = map.permute([0, 2, 3, 1]);
            let in_image = match view.is_padded() && !parts.is_empty() {
                true => {
                    let (columns, rows) = (view.positions(width).0, view.positions(height).1);
                    let count = columns.len() * rows.len();
                    let map = map.clone().slice([0..1, rows, columns, 0..channels]);
                    Some(map.reshape([count, channels]))
                }
                false => None,
            };
            let rows = map.reshape([height * width, channels]);
            for (part, pooled) in parts.iter().zip(&mut pooled) {
                pooled.push(part.pool(in_image.as_ref().unwrap_or(&rows)));
            }
            if self.positions {
                vectors.push(rows);
            }
        }
        for pooled in pooled {
            match self.pooled {
                Some((_, PooledLevels::Joined)) => vectors.push(Tensor::cat(pooled, 1)),
                _ => vectors.extend(pooled),
            }
        }
        vectors
    }
}
