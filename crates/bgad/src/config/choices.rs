//! The choices that settings have.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which of the two models to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Normal images only.
    #[default]
    Bgad,
    /// Normal images and a few abnormal ones.
    BgadFas,
}

/// What is one sample to the flows (section 7 of the method).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// Each position of each feature map, conditioned on its place: score maps and image scores.
    Pixel,
    /// Each image, its feature maps pooled over positions: image scores only.
    Image,
}

/// How feature maps are pooled at image granularity.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The mean over positions.
    Mean,
    /// Mean and standard deviation over positions, twice the dimension.
    #[default]
    MeanStd,
    /// Those, and in a vector and flow of its own the maximum over positions, which small defects
    /// move most.
    MeanStdMax,
}

/// Whether pooled features have a flow a level or one for all.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PooledLevels {
    /// A flow for each level.
    #[default]
    Separate,
    /// One flow of all levels' pooled features in one vector, which sees how they go together.
    Joined,
}

/// A fixed affine map of features before each flow, from the normal training images.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureScaling {
    /// Features as the backbone gives them: the paper.
    #[default]
    None,
    /// Each channel to mean 0 and deviation 1.
    Standardize,
    /// Channels to mean 0, deviation 1 and no correlation, by a shrunk covariance.
    Whiten,
}

/// Which mean features are measured from before they are scaled.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureMean {
    /// One of all positions of a level.
    #[default]
    Level,
    /// One of each position, as far as there are images enough to tell it from the level's. Near an
    /// image's border features are others than inside it, if only because convolutions see padding
    /// there, and of aligned parts they are others everywhere.
    Position,
}

/// How the levels' log-likelihoods become one map.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregation {
    /// The sum of likelihoods relative to each level's largest: the paper. A level counts where it
    /// finds a position likely; how unlikely another one finds it hardly matters.
    #[default]
    Likelihood,
    /// The sum of log-likelihoods: all levels' evidence, as if they were independent.
    LogLikelihood,
    /// The same of whole vectors rather than per dimension: levels weigh as many dimensions as they
    /// have, in all as much as levels of equal dimension.
    JointLogLikelihood,
    /// The sum of log-likelihoods, each divided by its deviation over normal features: levels that
    /// vary much where nothing is wrong weigh less.
    Standardized,
}

/// Whether a score map keeps what all of it lies above or below those of normal images.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapBaseline {
    /// As the flows give it.
    #[default]
    Keep,
    /// The map's mean is brought to that of normal images, as far as those differ among each other:
    /// a normal image that is somewhat darker is no defect everywhere, and hides none.
    Remove,
}

/// Which features the separating boundary is taken over.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoundaryScope {
    /// Each mini-batch's own normal features: the authors' program.
    #[default]
    Batch,
    /// All normal training features, refreshed each meta-epoch: the paper.
    Set,
}

/// Whether log-likelihoods are averaged with those of the mirrored image; as text `false`, `true` or
/// `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "MirrorValue", try_from = "MirrorValue")]
pub enum Mirror {
    /// Not: the paper.
    #[default]
    Off,
    /// Always.
    On,
    /// At image granularity, where normal images look as normal mirrored as they are.
    Auto,
}

/// [`Mirror`] as a file has it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum MirrorValue {
    Decided(bool),
    Named(String),
}

impl From<Mirror> for MirrorValue {
    fn from(mirror: Mirror) -> Self {
        match mirror {
            Mirror::Off => Self::Decided(false),
            Mirror::On => Self::Decided(true),
            Mirror::Auto => Self::Named("auto".to_owned()),
        }
    }
}

impl TryFrom<MirrorValue> for Mirror {
    type Error = String;

    fn try_from(value: MirrorValue) -> Result<Self, String> {
        match value {
            MirrorValue::Decided(mirror) => Ok(mirror.into()),
            MirrorValue::Named(name) => name.parse(),
        }
    }
}

impl From<bool> for Mirror {
    fn from(mirror: bool) -> Self {
        match mirror {
            true => Self::On,
            false => Self::Off,
        }
    }
}

impl FromStr for Mirror {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "false" => Ok(Self::Off),
            "true" => Ok(Self::On),
            "auto" => Ok(Self::Auto),
            _ => Err(format!("`{text}`: expected `false`, `true` or `auto`")),
        }
    }
}

/// What a decision threshold is taken from.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdRule {
    /// The share of normal training images that may score above it.
    FalsePositiveRate(f64),
    /// The best F1 over the training images, for runs with abnormal ones.
    BestF1,
}

/// Which models' flows are trained.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainFlows {
    /// Those that learn from abnormal images. On normal images alone flows stay the Gaussian models that
    /// they start as, of which training makes nothing better.
    #[default]
    Abnormal,
    /// All.
    Always,
}

/// When the test set is evaluated while training.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvaluateWhen {
    /// After each meta-epoch.
    #[default]
    Each,
    /// After the last one.
    Last,
    /// Not at all.
    Never,
}

/// Settings by name.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The published method.
    Paper,
    /// What scored better on all sets that it was tried on.
    #[default]
    Default,
}
