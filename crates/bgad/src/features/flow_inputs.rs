//! Which vectors are made of a feature pyramid: what the flows see, and what the memory bank does.

use bgad_backbone::Level;

use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, PooledLevels, Pooling};

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
    /// Whether the memory bank sees positions.
    pub(super) bank: bool,
    image_size: u32,
}

/// What the memory bank is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BankInputs {
    /// Width and height of its map: those of the finest level that it draws on.
    pub side: usize,
    /// The levels that it draws on, finest first.
    pub levels: Vec<BankLevel>,
}

/// A level that the memory bank draws on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BankLevel {
    /// Where its vectors stand among those of an input.
    pub index: usize,
    /// Width and height of its map.
    pub side: usize,
    pub channels: usize,
}

impl BankInputs {
    /// The dimension of a position's vector.
    pub fn dimension(&self) -> usize {
        self.levels.iter().map(|level| level.channels).sum()
    }
}

/// The width and height of a level's map.
pub(crate) fn map_size(image_size: u32, stride: usize) -> usize {
    (image_size as usize).div_ceil(stride)
}

/// The memory bank leaves the finest of several levels to the flows: its edges and grain change from
/// image to image.
fn first_of_bank(levels: usize) -> usize {
    usize::from(levels > 1)
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
    pub fn new(config: &CheckedConfig, granularity: Granularity) -> Self {
        let positions = granularity == Granularity::Pixel;
        let pooled = !positions || config.pooled.flows;
        Self {
            positions,
            pooled: pooled.then_some((config.pooled.pooling, config.pooled.levels)),
            bank: config.memory_bank.size > 0,
            image_size: config.input.image_size,
        }
    }

    /// Whether level `level` of `levels` is one that no flow sees but the memory bank does.
    pub(super) fn only_for_bank(&self, level: usize, levels: usize) -> bool {
        self.bank && !self.positions && level >= first_of_bank(levels)
    }

    /// What the memory bank is made of, where there is one.
    pub fn bank(&self, levels: &[Level]) -> Option<BankInputs> {
        let first = first_of_bank(levels.len());
        // Beside flows of positions it takes what they see; otherwise its levels come last.
        let before = match self.positions {
            true => 0,
            false => self.list(levels).len() - first,
        };
        let of_level = |(number, level): (usize, &Level)| BankLevel {
            index: before + number,
            side: map_size(self.image_size, level.stride),
            channels: level.channels,
        };
        let used = levels.iter().enumerate().skip(first).map(of_level);
        let used: Vec<BankLevel> = used.collect();
        let side = used.first().filter(|_| self.bank)?.side;
        Some(BankInputs { side, levels: used })
    }

    /// One entry for each matrix of vectors of an input: the flows', then those of the memory bank alone.
    #[cfg(feature = "train")]
    pub fn computed(&self, levels: &[Level]) -> Vec<FlowInput> {
        let mut inputs = self.list(levels);
        let of_bank = levels.iter().enumerate();
        let of_bank = of_bank.filter(|(number, _)| self.only_for_bank(*number, levels.len()));
        inputs.extend(of_bank.map(|(_, level)| self.of_positions(level)));
        inputs
    }

    fn of_positions(&self, level: &Level) -> FlowInput {
        FlowInput {
            dimension: level.channels,
            side: Some(map_size(self.image_size, level.stride)),
            name: format!("stride {}", level.stride),
        }
    }

    /// One entry a flow, in the order of their vectors.
    pub fn list(&self, levels: &[Level]) -> Vec<FlowInput> {
        let mut inputs = Vec::new();
        if self.positions {
            inputs.extend(levels.iter().map(|level| self.of_positions(level)));
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
