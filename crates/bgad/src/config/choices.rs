//! The choices that settings offer.

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

/// What counts as one sample for the flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// Each position of each feature map, conditioned on its place; gives score maps and image scores, to which
    /// pooled features contribute little.
    Pixel,
    /// Each image, with its feature maps pooled over positions; gives image scores, and the memory bank's map.
    Image,
    /// Each position and each image; both count about equally in an image's score.
    Both,
}

/// How feature maps are pooled at image granularity.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// The mean over positions.
    Mean,
    /// Mean and standard deviation over positions; twice the dimension.
    #[default]
    MeanStd,
    /// Mean and standard deviation, and, in a separate vector with its own flow, the maximum over positions,
    /// which small defects change most.
    MeanStdMax,
}

/// Whether pooled features have one flow per level or one for all levels.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PooledLevels {
    /// One flow per level.
    #[default]
    Separate,
    /// One flow on all levels' pooled features joined into one vector, so that it sees how they vary
    /// together.
    Joined,
}

/// A fixed affine map that is applied to features before each flow and estimated on the normal training
/// images.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureScaling {
    /// Features as computed by the backbone, as in the paper.
    #[default]
    None,
    /// Each channel is scaled to mean 0 and standard deviation 1.
    Standardize,
    /// Channels are scaled to mean 0 and standard deviation 1, and decorrelated, with a shrunk covariance.
    Whiten,
}

/// The mean that features are centred on before scaling.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureMean {
    /// One mean over all positions of a level.
    #[default]
    Level,
    /// One mean per position, shrunk toward the level's mean if there are few images. Features near an
    /// image's border differ from those inside it, if only because of the padding of convolutions; in images
    /// of aligned parts they differ everywhere.
    Position,
}

/// How the levels' log-likelihoods are combined into one map.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregation {
    /// The sum of likelihoods, each relative to its level's maximum, as in the paper. A level that finds a position
    /// likely outweighs one that finds it unlikely.
    #[default]
    Likelihood,
    /// The sum of log-likelihoods, which treats the levels as independent evidence.
    LogLikelihood,
    /// The sum of log-likelihoods of whole vectors rather than per dimension, so that a level weighs in
    /// proportion to its dimension. Weights are relative to the mean dimension.
    JointLogLikelihood,
    /// The sum of log-likelihoods, each divided by its standard deviation over normal features, so that a
    /// level that varies a lot on normal images weighs less.
    Standardized,
}

/// Whether to remove a score map's overall offset from normal images.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapBaseline {
    /// Keep the map as computed by the flows.
    #[default]
    Keep,
    /// Shift the map's mean toward the mean over normal images, by at most one standard deviation of normal
    /// images' means. A slightly darker normal image then does not score high everywhere; a larger offset
    /// still counts as evidence of a defect.
    Remove,
}

/// The features that determine the separating boundary.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoundaryScope {
    /// The normal features of each mini-batch, as in the authors' program.
    #[default]
    Batch,
    /// All normal training features, refreshed in each meta-epoch, as in the paper.
    Set,
}

/// Whether to average log-likelihoods with those of the mirrored image; written `false`, `true` or `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "MirrorValue", try_from = "MirrorValue")]
pub enum Mirror {
    /// Never, as in the paper.
    #[default]
    Off,
    /// Always.
    On,
    /// At image granularity, if mirrored normal images look like normal images.
    Auto,
}

/// [`Mirror`] as written in a file.
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

/// How a decision threshold is chosen.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdRule {
    /// By the share of normal training images that may score above it.
    FalsePositiveRate(f64),
    /// By the best F1 over the training images, for runs with abnormal ones.
    BestF1,
}

/// Which models' flows are trained.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainFlows {
    /// None: all flows stay the Gaussian models that they start as. Abnormal images act through Fisher's
    /// discriminant only.
    #[default]
    Never,
    /// Those of models that learn from abnormal images. On normal images alone, training does not improve the
    /// Gaussian models.
    Abnormal,
    /// Those of all models.
    Always,
}

/// When to evaluate the test set during training.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvaluateWhen {
    /// After each meta-epoch.
    #[default]
    Each,
    /// After the last meta-epoch.
    Last,
    /// Never.
    Never,
}

/// Named sets of default settings.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The published method.
    Paper,
    /// The settings that scored better on every data set they were tried on.
    #[default]
    Default,
    /// The default, except that abnormal images train flows and the memory bank is larger: slightly better
    /// scores for many times the training time.
    Thorough,
}
