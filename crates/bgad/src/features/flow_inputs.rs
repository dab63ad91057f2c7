//! Which vectors are made from a feature pyramid for the flows and the memory bank.

use bgad_backbone::Level;

use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, PooledLevels, Pooling};

/// The input of one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlowInput {
    /// The dimension of its vectors.
    pub dimension: usize,
    /// Width and height of the map whose positions are the flow's conditions; `None` for pooled features,
    /// which are one vector per image.
    pub side: Option<usize>,
    /// The readable name of the level: `stride 8`, `stride 8, mean` or `all strides, maximum`.
    pub name: String,
}

impl FlowInput {
    /// Whether each image has a single vector rather than one per position.
    pub fn is_pooled(&self) -> bool {
        self.side.is_none()
    }
}

/// The inputs of a model: the maps' positions, level by level, then the pooled features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlowInputs {
    pub(super) positions: bool,
    pub(super) pooled: Option<(Pooling, PooledLevels)>,
    /// Whether there is a memory bank of positions.
    pub(super) bank: bool,
    image_size: u32,
}

/// The levels that the memory bank uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BankInputs {
    /// Width and height of its map, which are those of its finest level.
    pub side: usize,
    /// Its levels, finest first.
    pub levels: Vec<BankLevel>,
}

/// A level that the memory bank uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BankLevel {
    /// Index of its vectors among those of an input.
    pub index: usize,
    /// Width and height of its map.
    pub side: usize,
    pub channels: usize,
}

impl BankInputs {
    /// One level of `side` by `side` positions, for tests.
    #[cfg(all(test, feature = "train"))]
    pub fn of_one_level(side: usize, channels: usize) -> Self {
        let level = BankLevel {
            index: 0,
            side,
            channels,
        };
        Self {
            side,
            levels: vec![level],
        }
    }

    /// The dimension of a position's vector.
    pub fn dimension(&self) -> usize {
        self.levels.iter().map(|level| level.channels).sum()
    }
}

/// The width and height of a level's map.
pub(crate) fn map_size(image_size: u32, stride: usize) -> usize {
    (image_size as usize).div_ceil(stride)
}

/// Of several levels, the memory bank skips the finest: its edges and grain vary from image to image.
fn first_of_bank(levels: usize) -> usize {
    usize::from(levels > 1)
}

/// The statistics pooled into one vector. Maxima have a separate vector: they carry other information than
/// moments, and in a joint vector each would be diluted by the other's dimensions.
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
        let positions = granularity != Granularity::Image;
        let pooled = granularity != Granularity::Pixel || config.pooled.flows;
        Self {
            positions,
            pooled: pooled.then_some((config.pooled.pooling, config.pooled.levels)),
            bank: config.memory_bank.size > 0,
            image_size: config.input.size(),
        }
    }

    /// Whether level `level` of `levels` is used only by the memory bank and by no flow.
    pub(super) fn only_for_bank(&self, level: usize, levels: usize) -> bool {
        self.bank && !self.positions && level >= first_of_bank(levels)
    }

    /// The inputs of the memory bank, if there is one.
    pub fn bank(&self, levels: &[Level]) -> Option<BankInputs> {
        let first = first_of_bank(levels.len());
        // With flows on positions, it shares their levels; otherwise its levels come last.
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

    /// One entry per matrix of vectors of an input: those of the flows, then those of the memory bank alone.
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

    /// One entry per flow, in the order of their vectors.
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
