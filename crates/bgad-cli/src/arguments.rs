//! What can be said on the command line.

use std::path::PathBuf;

use bgad::{
    Aggregation, BoundaryScope, DeviceSelection, EvaluateWhen, FeaturePrecision, FeatureScaling,
    Fit, FlowStart, FocalWeights, Granularity, ImageScore, Layout, Mirror, Model, Orientation,
    PooledLevels, Pooling, Preset,
};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cut_paste::CutPasteArguments;
use crate::data::{AnomalyArguments, FolderArguments, SplitArguments};
use crate::devices::ListedDevice;
use crate::inspect::InspectArguments;

/// Visual anomaly detection: learns what normal parts look like, finds what is wrong on others.
#[derive(Debug, Parser)]
#[command(name = "bgad", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a detector on a data set.
    Train(Box<TrainCommand>),
    /// Measure a detector on a data set's test images.
    Evaluate(Box<EvaluateArguments>),
    /// Score images.
    Predict(PredictArguments),
    /// Take the threshold anew from normal images that were not trained on.
    Calibrate(CalibrateArguments),
    /// Make a model of a PyTorch checkpoint.
    Import(Box<crate::import::ImportArguments>),
    /// Repeat a table or figure of the paper.
    Reproduce(Box<crate::reproduce::ReproduceArguments>),
    /// Make a run's report again from what lies in its folder.
    #[cfg(feature = "report")]
    Report(ReportArguments),
    /// Published weights of backbones: list, fetch, find and check them.
    Weights(crate::weights::WeightsArguments),
    /// Tell what a data set holds.
    Data(Box<InspectArguments>),
    /// Draw samples that training would paste, to look at.
    Preview(Box<PreviewArguments>),
}

/// Where the images are.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// How the data set's files are laid out: mvtec, btad, aitex, elpv, brain-mri, head-ct, folder or
    /// manifest.
    #[arg(long)]
    pub layout: Layout,
    /// The data set's folder; for manifest the table, .csv or .json.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    #[command(flatten)]
    pub choice: ChoiceArguments,
}

/// Which of a data set's images.
#[derive(Debug, Clone, Args)]
pub struct ChoiceArguments {
    /// The category, where the data set has several.
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
    #[command(flatten)]
    pub folders: FolderArguments,
    #[command(flatten)]
    pub split: SplitArguments,
}

/// A new run, or one that goes on.
#[derive(Debug, Args)]
pub struct TrainCommand {
    /// Go on with the run in this folder where it stopped, with its own settings and images.
    #[arg(
        long,
        value_name = "RUN_DIR",
        conflicts_with_all = [
            "SettingsArguments",
            "category",
            "FolderArguments",
            "SplitArguments",
            "AnomalyArguments",
            "CutPasteArguments",
        ]
    )]
    pub resume: Option<PathBuf>,
    #[command(flatten)]
    pub new: TrainArguments,
    /// Keep features of images in this folder: those beyond --feature-memory are not computed in each
    /// epoch then, and a second run finds them all.
    #[arg(long, value_name = "DIR")]
    pub feature_cache: Option<PathBuf>,
    /// Also write the metrics of each meta-epoch as a TensorBoard event file.
    #[arg(long)]
    pub tensorboard: bool,
    /// Don't evaluate once more at the end for the report.
    #[cfg(feature = "report")]
    #[arg(long)]
    pub no_report: bool,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// What a new run is told.
#[derive(Debug, Args)]
pub struct TrainArguments {
    #[command(flatten)]
    pub settings: SettingsArguments,
    #[command(flatten)]
    pub choice: ChoiceArguments,
    #[command(flatten)]
    pub anomalies: AnomalyArguments,
    #[command(flatten)]
    pub cut_paste: CutPasteArguments,
}

/// All of it that stands alone: clap's groups, by which `--resume` excludes it, have no members where
/// there are groups within them.
#[derive(Debug, Args)]
pub struct SettingsArguments {
    /// How the data set's files are laid out: mvtec, btad, aitex, elpv, brain-mri, head-ct, folder or
    /// manifest.
    #[arg(long, required_unless_present = "resume")]
    pub layout: Option<Layout>,
    /// The data set's folder; for manifest the table, .csv or .json.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    pub data: Option<PathBuf>,
    /// BGAD learns from normal images alone, BGAD-FAS from a few abnormal ones as well.
    #[arg(long, value_enum)]
    pub model: Option<ModelArgument>,
    /// What settings that are not given stand at: those of the paper, or better ones
    /// [default: default].
    #[arg(long, value_enum)]
    pub preset: Option<PresetArgument>,
    /// `filter-bank`, which needs no weights, or an EfficientNet by timm's name.
    #[arg(long, value_name = "NAME")]
    pub backbone: Option<String>,
    /// The backbone's timm weights, .safetensors or .pth [default: the published ones of its name,
    /// from the Hugging Face hub's cache or the hub].
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Take weights from the cache alone, never from the network.
    #[arg(long)]
    pub offline: bool,
    /// Write the split that this run uses to a file.
    #[arg(long, value_name = "FILE")]
    pub write_split: Option<PathBuf>,
    /// Meta-epochs [default: 25].
    #[arg(long, value_name = "N")]
    pub meta_epochs: Option<usize>,
    /// Sub-epochs in a meta-epoch [default: 8].
    #[arg(long, value_name = "N")]
    pub sub_epochs: Option<usize>,
    /// Images in a batch [default: 32].
    #[arg(long, value_name = "N")]
    pub batch_size: Option<usize>,
    /// Adam's learning rate at its peak [default: 0.0002].
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,
    /// Width and height of the images after resizing [default: 256].
    #[arg(long, value_name = "PIXELS")]
    pub image_size: Option<u32>,
    /// How images become square: `stretch`; `letterbox`, which keeps the aspect and leaves the
    /// padding out; or `tiles:OVERLAP`, which cuts large images at their own resolution
    /// [default: stretch].
    #[arg(long, value_name = "FIT")]
    pub fit: Option<Fit>,
    /// Take images as they are stored, or turned as their EXIF orientation says [default: stored].
    #[arg(long, value_enum)]
    pub orientation: Option<OrientationArgument>,
    /// The share of normal features that may lie below the boundary [default: 0.05].
    #[arg(long, value_name = "SHARE")]
    pub beta: Option<f64>,
    /// The margin between the boundaries of normal and abnormal features [default: 0.1].
    #[arg(long, value_name = "MARGIN")]
    pub tau: Option<f64>,
    /// The weight of the semi-push-pull terms [default: 1].
    #[arg(long, value_name = "WEIGHT")]
    pub lambda: Option<f64>,
    /// Focal weights: none, or the constants of the authors' program or of the paper
    /// [default: none].
    #[arg(long, value_enum)]
    pub focal: Option<FocalArgument>,
    /// Take the boundary over each mini-batch or over the whole training set [default: batch].
    #[arg(long, value_enum)]
    pub boundary: Option<BoundaryArgument>,
    /// Score each pixel, or whole images alone [default: pixel; image where the data set has no
    /// masks].
    #[arg(long, value_enum)]
    pub granularity: Option<GranularityArgument>,
    /// How features are pooled [default: mean-std-max; paper: mean-std].
    #[arg(long, value_enum)]
    pub pooling: Option<PoolingArgument>,
    /// The number format in which features are kept [default: f32]; 16 bits take half the memory.
    #[arg(long, value_enum)]
    pub feature_precision: Option<FeaturePrecisionArgument>,
    /// The number format in which features of training images wait for their batches [default: f32];
    /// f16 takes half the memory.
    #[arg(long, value_enum)]
    pub training_precision: Option<FeaturePrecisionArgument>,
    /// Memory for features that are kept over epochs, in MiB [default: 4096].
    #[arg(long, value_name = "MIB")]
    pub feature_memory: Option<u64>,
    /// End training after a meta-epoch in which no boundary has moved by more than this, in
    /// log-likelihood [default: train all meta-epochs].
    #[arg(long, value_name = "CHANGE")]
    pub stop_when_still: Option<f32>,
    /// What is done to features before the flows [default: whiten; paper: none].
    #[arg(long, value_enum)]
    pub feature_scaling: Option<FeatureScalingArgument>,
    /// How the levels become one score map [default: joint-log-likelihood; paper: likelihood].
    #[arg(long, value_enum)]
    pub aggregation: Option<AggregationArgument>,
    /// How a score map becomes an image's score: `max`, or `top:SHARE` for the mean of the highest
    /// pixels [default: top:0.01; paper: max].
    #[arg(long, value_name = "SCORE")]
    pub image_score: Option<ImageScore>,
    /// Average with the mirrored image, for parts that are symmetric: `true`, `false`, or `auto`,
    /// where whole images are scored and normal ones look as normal mirrored [default: auto; paper:
    /// false].
    #[arg(long, value_name = "WHEN")]
    pub mirror: Option<Mirror>,
    /// The flows before training [default: identity; paper: random].
    #[arg(long, value_enum)]
    pub flow_start: Option<FlowStartArgument>,
    /// Flows of pooled features beside those of positions [default: true; paper: false].
    #[arg(long, value_name = "BOOL")]
    pub pooled_flows: Option<bool>,
    /// A flow of pooled features for each level, or one for all [default: joined; paper: separate].
    #[arg(long, value_enum)]
    pub pooled_levels: Option<PooledLevelsArgument>,
    /// Folds by which scoring constants are taken from images that flows of pooled features have not
    /// seen; 0 for none [default: 5; paper: 0].
    #[arg(long, value_name = "N")]
    pub pooled_folds: Option<usize>,
    /// Let scores also draw on the distance of pooled features to those of the nearest normal
    /// training image [default: true; paper: false].
    #[arg(long, value_name = "BOOL")]
    pub pooled_neighbors: Option<bool>,
    /// Optimizer steps of flows of pooled features, at least [default: 200; paper: 1000].
    #[arg(long, value_name = "N")]
    pub image_steps: Option<usize>,
    /// When to evaluate on the test images [default: each].
    #[arg(long, value_enum)]
    pub evaluate: Option<EvaluateArgument>,
    /// The share of normal training images that may score above the threshold [default: 0.01].
    #[arg(long, value_name = "SHARE")]
    pub false_positive_rate: Option<f64>,
    /// flex, ndarray, wgpu, vulkan or cuda, among those compiled in; of several GPUs the second is
    /// cuda:1 [default: flex].
    #[arg(long)]
    pub device: Option<DeviceSelection>,
    /// Train on all of these at once, as cuda:0,cuda:1; bare numbers count those of --device.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub devices: Vec<ListedDevice>,
    /// The seed of all that is random [default: 0].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Settings from a TOML file; those given here come first.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// The folder for model, metrics and report; it is made where it is not there.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// The model's file.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    #[command(flatten)]
    pub data: DataArguments,
    /// The false-positive rate up to which AUPRO is taken.
    #[arg(long, value_name = "RATE", default_value_t = bgad::AUPRO_LIMIT)]
    pub aupro_limit: f64,
    /// Also AUPIMO, from 1e-5 to 1e-4 of the normal pixels.
    #[arg(long)]
    pub aupimo: bool,
    /// Also bootstrap confidence intervals that cover this share [default: 0.95].
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.95")]
    pub confidence: Option<f64>,
    /// Write a report, and what it was made of, to this folder; it has AUPIMO and intervals.
    #[cfg(feature = "report")]
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// flex, ndarray, wgpu, vulkan or cuda, among those compiled in; of several GPUs the second is
    /// cuda:1.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

#[cfg(feature = "report")]
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The folder of a run, or of an evaluation's report.
    #[arg(value_name = "RUN_DIR")]
    pub run: PathBuf,
}

#[derive(Debug, Args)]
pub struct PredictArguments {
    /// The model's file.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Images, folders of images with all folders in them, or `-` for a list on standard input, a
    /// path a line.
    #[arg(required_unless_present = "watch", value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Score the images in this folder and in all folders in it, and go on with those that come,
    /// until the program is stopped.
    #[arg(long, value_name = "DIR", conflicts_with = "images")]
    pub watch: Option<PathBuf>,
    /// Write each image with its heat map as a PNG to this folder.
    #[arg(long, value_name = "DIR")]
    pub heatmaps: Option<PathBuf>,
    /// Write each image's defects as a PNG, white on black and of the image's size, to this folder.
    #[arg(long, value_name = "DIR")]
    pub masks: Option<PathBuf>,
    /// Write each image's score map as an array of 32-bit floating point numbers to this folder.
    #[arg(long, value_name = "DIR")]
    pub maps: Option<PathBuf>,
    /// The files of --maps: NumPy arrays or TIFF images.
    #[arg(long, value_enum, default_value_t = MapFormat::Npy, requires = "maps")]
    pub map_format: MapFormat,
    /// Write score maps at the image's own size, not at that of the model's input.
    #[arg(long, requires = "maps")]
    pub original_size: bool,
    /// Write a table of comma-separated values to standard output.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// flex, ndarray, wgpu, vulkan or cuda, among those compiled in; of several GPUs the second is
    /// cuda:1.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// How a score map is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MapFormat {
    Npy,
    Tiff,
}

#[derive(Debug, Args)]
pub struct CalibrateArguments {
    /// The model's file.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Normal images that were not trained on: images, folders, or `-` for a list on standard input.
    #[arg(long, required_unless_present = "threshold", num_args = 1.., value_name = "IMAGE")]
    pub normal: Vec<PathBuf>,
    /// The share of normal images that may be called anomalous.
    #[arg(
        long,
        visible_alias = "fpr",
        value_name = "SHARE",
        default_value_t = 0.01
    )]
    pub false_positive_rate: f64,
    /// Abnormal images that were not trained on: the threshold is then that of the best F1.
    #[arg(
        long,
        num_args = 1..,
        value_name = "IMAGE",
        requires = "normal",
        conflicts_with = "false_positive_rate"
    )]
    pub abnormal: Vec<PathBuf>,
    /// Decide by this score, whatever images say.
    #[arg(
        long,
        value_name = "SCORE",
        value_parser = finite,
        allow_negative_numbers = true,
        conflicts_with_all = ["normal", "abnormal", "false_positive_rate"]
    )]
    pub threshold: Option<f32>,
    /// Take pixels above this score as defects [default: as they were].
    #[arg(
        long,
        value_name = "SCORE",
        value_parser = finite,
        allow_negative_numbers = true,
        requires = "threshold",
        conflicts_with_all = ["normal", "abnormal"]
    )]
    pub pixel_threshold: Option<f32>,
    /// The file for the calibrated model [default: the model's own].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// flex, ndarray, wgpu, vulkan or cuda, among those compiled in; of several GPUs the second is
    /// cuda:1.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// A score that a model file can hold.
fn finite(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("expected a finite number".to_owned()),
    }
}

#[derive(Debug, Args)]
pub struct PreviewArguments {
    #[command(flatten)]
    pub data: DataArguments,
    #[command(flatten)]
    pub choice: AnomalyArguments,
    /// Samples on the sheet.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub count: usize,
    /// The seed that training would have.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub cut_paste: CutPasteArguments,
    /// Take images as they are stored, or turned as their EXIF orientation says.
    #[arg(long, value_enum, default_value = "stored")]
    pub orientation: OrientationArgument,
    /// The folder for `preview.png`; it is made where it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ReportingArguments {
    /// Write JSON to standard output, and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Don't show progress; it is not shown either where stderr is no terminal.
    #[arg(long)]
    pub quiet: bool,
}

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
choice!(AggregationArgument for Aggregation {
    Likelihood => Self::Likelihood,
    LogLikelihood => Self::LogLikelihood,
    JointLogLikelihood => Self::JointLogLikelihood,
    Standardized => Self::Standardized,
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
