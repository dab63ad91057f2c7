//! The library's choices by name.

use bgad::{
    Aggregation, BoundaryScope, EvaluateWhen, FeatureMean, FeaturePrecision, FeatureScaling,
    FlowStart, FocalWeights, Granularity, MapBaseline, Model, Orientation, PooledLevels, Pooling,
    Preset,
};
use clap::ValueEnum;

/// Declares a command-line choice with the library's value for each.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident for $target:ty { $($variant:ident => $value:expr),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, ValueEnum)]
        pub enum $name { $($variant),+ }

        impl From<$name> for $target {
            fn from(choice: $name) -> Self {
                match choice { $($name::$variant => $value),+ }
            }
        }
    };
}

choice!(ModelArgument for Model { Bgad => Self::Bgad, BgadFas => Self::BgadFas });
choice!(OrientationArgument for Orientation { Stored => Self::Stored, Exif => Self::Exif });
choice!(FocalArgument for FocalWeights {
    None => Self::None,
    Program => Self::Program,
    Paper => Self::Paper,
});
choice!(BoundaryArgument for BoundaryScope { Batch => Self::Batch, Set => Self::Set });
choice!(GranularityArgument for Granularity { Pixel => Self::Pixel, Image => Self::Image });
choice!(PoolingArgument for Pooling {
    Mean => Self::Mean,
    MeanStd => Self::MeanStd,
    MeanStdMax => Self::MeanStdMax,
});
choice!(FlowStartArgument for FlowStart {
    Random => Self::Random,
    Identity => Self::Identity,
});
choice!(PresetArgument for Preset { Default => Self::Default, Paper => Self::Paper });
choice!(FeaturePrecisionArgument for FeaturePrecision {
    F32 => Self::F32,
    F16 => Self::F16,
    Bf16 => Self::Bf16,
});
choice!(FeatureScalingArgument for FeatureScaling {
    None => Self::None,
    Standardize => Self::Standardize,
    Whiten => Self::Whiten,
});
choice!(FeatureMeanArgument for FeatureMean {
    Level => Self::Level,
    Position => Self::Position,
});
choice!(AggregationArgument for Aggregation {
    Likelihood => Self::Likelihood,
    LogLikelihood => Self::LogLikelihood,
    JointLogLikelihood => Self::JointLogLikelihood,
    Standardized => Self::Standardized,
});
choice!(MapBaselineArgument for MapBaseline {
    Keep => Self::Keep,
    Remove => Self::Remove,
});
choice!(PooledLevelsArgument for PooledLevels {
    Separate => Self::Separate,
    Joined => Self::Joined,
});
choice!(EvaluateArgument for EvaluateWhen {
    Each => Self::Each,
    Last => Self::Last,
    Never => Self::Never,
});
