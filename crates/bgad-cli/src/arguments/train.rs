//! `bgad train`.

use std::path::PathBuf;

use bgad::{DeviceSelection, Fit, ImageScore, Layout, Mirror};
use clap::Args;

use super::ReportingArguments;
use super::choices::*;
use crate::cut_paste::CutPasteArguments;
use crate::data::{AnomalyArguments, ChoiceArguments};
use crate::devices::ListedDevice;

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
    /// Measure features from one mean of each level, or from one of each position, before they are
    /// scaled [default: position; paper: level].
    #[arg(long, value_enum)]
    pub feature_mean: Option<FeatureMeanArgument>,
    /// How the levels become one score map [default: joint-log-likelihood; paper: likelihood].
    #[arg(long, value_enum)]
    pub aggregation: Option<AggregationArgument>,
    /// Keep in a score map what all of it lies above or below normal images' maps, or remove it as far
    /// as those differ among each other [default: remove; paper: keep].
    #[arg(long, value_enum)]
    pub map_baseline: Option<MapBaselineArgument>,
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
