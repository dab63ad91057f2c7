//! The errors of this crate.

use std::path::PathBuf;

use super::weights::WeightsError;

/// What restoring a backbone of one's own may fail with.
pub type RestoreError = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong; each message names the file or setting, what was found and what to do.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Images, masks or folders.
    #[error(transparent)]
    Data(#[from] bgad_data::DataError),
    /// The backbone or its weights.
    #[error(transparent)]
    Backbone(#[from] bgad_backbone::BackboneError),
    /// Published weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The flow's settings or parameters.
    #[error(transparent)]
    Flow(#[from] bgad_flow::FlowError),
    /// The objective's settings.
    #[error(transparent)]
    Loss(#[from] bgad_loss::LossError),
    /// A metric.
    #[error(transparent)]
    Metric(#[from] bgad_metrics::MetricError),
    /// The report's page.
    #[cfg(feature = "report")]
    #[error(transparent)]
    Report(#[from] bgad_report::ReportError),
    /// A setting of [`TrainerConfig`](crate::TrainerConfig) or
    /// [`EvaluationOptions`](crate::EvaluationOptions) is out of its range.
    #[error("setting `{setting}` is {found}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What would be valid.
        expected: String,
    },
    /// There is no setting of this name.
    #[error(
        "there is no setting `{name}`; {}`bgad settings` lists all",
        .nearest.map_or(String::new(), |nearest| format!("did you mean `{nearest}`? "))
    )]
    UnknownSetting {
        /// The name.
        name: String,
        /// The setting whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// The environment asks for CPU instructions that can't be used.
    #[error(transparent)]
    Instructions(#[from] bgad_cpu::InstructionsError),
    /// What a call was given can't be worked with.
    #[error("{what}: {found}, expected {expected}")]
    Input {
        /// What was given.
        what: &'static str,
        /// What was found.
        found: String,
        /// What would be valid.
        expected: String,
    },
    /// A part of a model or of a run's state does not fit the rest of it.
    #[error("`{part}` is {found}, expected {expected}")]
    State {
        /// The part.
        part: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The device's backend is not part of this build.
    #[error(
        "device `{device}` is not part of this build, which has {available}; build with \
         `--features {device}`"
    )]
    DeviceNotCompiled {
        /// The device asked for.
        device: &'static str,
        /// The devices of this build.
        available: String,
    },
    /// The machine lacks the device.
    #[error(
        "device `{device}` is not there: this machine has {found} of its kind{}",
        if *found == 0 { "; is its driver installed?" } else { ", counted from 0" }
    )]
    DeviceMissing {
        /// The device asked for.
        device: String,
        /// How many of the backend's devices there are.
        found: usize,
    },
    /// A backbone that needs weights got none.
    #[error(
        "backbone `{backbone}` needs its timm weights: give the .safetensors or .pth file, or use \
         `filter-bank`, which needs none"
    )]
    WeightsMissing {
        /// The backbone's name.
        backbone: String,
    },
    /// Weights were given to a backbone that reads none.
    #[error(
        "backbone `{backbone}` reads no weights, but {} was given; name the architecture that they \
         belong to",
        .weights.display()
    )]
    WeightsNotUsed {
        /// The backbone's name.
        backbone: String,
        /// The weights' file.
        weights: PathBuf,
    },
    /// A backbone of the program's own is not what it says, or not the one that was trained with.
    #[error("backbone `{backbone}` has {found}, expected {expected}")]
    BackboneContract {
        /// The backbone's name.
        backbone: String,
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// A model whose backbone is a program's own.
    #[error(
        "{}: backbone `{backbone}` is none of bgad's; the program that trained the model can load \
         it with `Detector::load_with_backbone`",
        .path.display()
    )]
    BackboneUnknown {
        /// The model's file.
        path: PathBuf,
        /// The backbone's name.
        backbone: String,
    },
    /// A backbone of the program's own could not be brought back from a model file.
    #[error("{}: backbone `{backbone}` can't be restored: {source}", .path.display())]
    BackboneRestore {
        /// The model's file.
        path: PathBuf,
        /// The backbone's name.
        backbone: String,
        /// What the program said.
        source: RestoreError,
    },
    /// There is nothing to train on.
    #[error(
        "data set `{dataset}` has no readable normal training image; BGAD learns from normal images"
    )]
    NoNormalImages {
        /// The data set's name.
        dataset: String,
    },
    /// BGAD-FAS without abnormal images.
    #[error(
        "BGAD-FAS needs abnormal training images and data set `{dataset}` has none; select some \
         with `--anomalies`, or train BGAD, which needs none"
    )]
    NoAbnormalImages {
        /// The data set's name.
        dataset: String,
    },
    /// Normal features of which no covariance can be taken: they are not all finite.
    #[error(
        "the normal training features of {dimension} channels are not finite numbers; check the \
         images and the backbone's weights, or train with `--set features.scaling=none`"
    )]
    Scaling {
        /// The features' dimension.
        dimension: usize,
    },
    /// The loss, or a log-likelihood that it is made of, is no longer a finite number.
    #[error(
        "training diverged in meta-epoch {meta_epoch}: the likelihood at {input} became {loss}; use \
         a lower learning rate, or check the images"
    )]
    Diverged {
        /// The meta-epoch, from 1.
        meta_epoch: usize,
        /// The level, as `stride 8`.
        input: String,
        /// The loss or log-likelihood.
        loss: f32,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A model file is damaged or is none.
    #[error("{}: not a sound bgad model: {reason}; copy it again or train it anew", .path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A file of a run's folder is damaged or is none.
    #[error(
        "{}: not a sound file of a bgad run: {reason}; run `bgad train` or `bgad evaluate` again",
        .path.display()
    )]
    RunFile {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// Training images of a run are no longer where they were.
    #[error(
        "{}: {missing} of this run's training images are no longer there, {} first; put them back \
         where the run's dataset.json names them, or train anew",
        .run.display(), .first.display()
    )]
    RunImagesMissing {
        /// The run's folder.
        run: PathBuf,
        /// How many.
        missing: usize,
        /// The first of them.
        first: PathBuf,
    },
    /// A model file of another version.
    #[error(
        "{}: model format {found}, this program reads format {supported}; use the bgad that wrote \
         it, or train anew",
        .path.display()
    )]
    ModelVersion {
        /// The file.
        path: PathBuf,
        /// The file's format version.
        found: u32,
        /// The one that is known here.
        supported: u32,
    },
    /// A checkpoint is damaged or is none.
    #[error(
        "{}: not a sound checkpoint: {reason}; take it away to continue from an older one, or train \
         anew",
        .path.display()
    )]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A PyTorch checkpoint that can't be imported.
    #[error("{}: can't be imported: {reason}", .path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A checkpoint of another run.
    #[error(
        "{}: this run's {what} are not those that the checkpoint was made with; put them back, or \
         train anew",
        .path.display()
    )]
    CheckpointDiffers {
        /// The file.
        path: PathBuf,
        /// What is not the same.
        what: &'static str,
    },
    /// Training was stopped before its end, as asked.
    #[error("training was stopped{}", .checkpoint.as_ref().map_or(String::new(), |path| {
        format!("; it can go on from {}", path.display())
    }))]
    Stopped {
        /// The checkpoint that was written, where checkpoints are kept.
        checkpoint: Option<PathBuf>,
    },
    /// Values could not be read back from the device.
    #[error("reading from the device failed: {0}")]
    Device(String),
    /// An image could not be written.
    #[error("{}: {source}", .path.display())]
    WriteImage {
        /// The file.
        path: PathBuf,
        /// The encoder's error.
        source: image::ImageError,
    },
    /// The model gives no map of scores.
    #[error(
        "this model was trained at image granularity: it scores whole images and has no heat map; \
         train with `--granularity pixel` for maps"
    )]
    NoScoreMap,
}

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
