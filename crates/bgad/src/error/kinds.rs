//! The errors of this crate.

use std::path::PathBuf;

use super::weights::WeightsError;

/// Error type for restoring your own backbone.
pub type RestoreError = Box<dyn std::error::Error + Send + Sync>;

/// Everything that can go wrong. Each message names the file or setting, what was found, and what to do.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error in images, masks or folders.
    #[error(transparent)]
    Data(#[from] bgad_data::DataError),
    /// An error in the backbone or its weights.
    #[error(transparent)]
    Backbone(#[from] bgad_backbone::BackboneError),
    /// An error in published weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// An error in the flow's settings or parameters.
    #[error(transparent)]
    Flow(#[from] bgad_flow::FlowError),
    /// An error in the objective's settings.
    #[error(transparent)]
    Loss(#[from] bgad_loss::LossError),
    /// An error in a metric.
    #[error(transparent)]
    Metric(#[from] bgad_metrics::MetricError),
    /// An error in writing the report.
    #[cfg(feature = "report")]
    #[error(transparent)]
    Report(#[from] bgad_report::ReportError),
    /// A setting of [`TrainerConfig`](crate::TrainerConfig) or
    /// [`EvaluationOptions`](crate::EvaluationOptions) is out of range.
    #[error("setting `{setting}` is {found}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// The valid values.
        expected: String,
    },
    /// There is no setting with this name.
    #[error(
        "there is no setting `{name}`; {}`bgad settings` lists all",
        .nearest.map_or(String::new(), |nearest| format!("did you mean `{nearest}`? "))
    )]
    UnknownSetting {
        /// The name.
        name: String,
        /// The setting with the most similar name.
        nearest: Option<&'static str>,
    },
    /// The environment asks for CPU instructions that can't be used.
    #[error(transparent)]
    Instructions(#[from] bgad_cpu::InstructionsError),
    /// An argument of a call is invalid.
    #[error("{what}: {found}, expected {expected}")]
    Input {
        /// Which argument.
        what: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A part of a model or of a run's state does not match the rest.
    #[error("`{part}` is {found}, expected {expected}")]
    State {
        /// The part.
        part: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The device's backend is not in this build.
    #[error(
        "device `{device}` is not part of this build, which has {available}; rebuild with \
         `--features {device}`"
    )]
    DeviceNotCompiled {
        /// The device that was requested.
        device: &'static str,
        /// The devices of this build.
        available: String,
    },
    /// This machine does not have the device.
    #[error(
        "device `{device}` does not exist: this machine has {found} of its kind{}",
        if *found == 0 { "; is its driver installed?" } else { ", counted from 0" }
    )]
    DeviceMissing {
        /// The device that was requested.
        device: String,
        /// How many devices of the backend there are.
        found: usize,
    },
    /// A backbone needs weights and got none.
    #[error(
        "backbone `{backbone}` needs timm weights: give the .safetensors or .pth file, or use \
         `filter-bank`, which needs none"
    )]
    WeightsMissing {
        /// The backbone's name.
        backbone: String,
    },
    /// Weights were given to a backbone that reads none.
    #[error(
        "backbone `{backbone}` takes no weights, but {} was given; choose the network that they belong to, \
         for example with `--backbone tf_efficientnetv2_b0`",
        .weights.display()
    )]
    WeightsNotUsed {
        /// The backbone's name.
        backbone: String,
        /// The weights file.
        weights: PathBuf,
    },
    /// Your own backbone breaks the contract of the trait, or is not the one used in training.
    #[error("backbone `{backbone}` has {found}, expected {expected}")]
    BackboneContract {
        /// The backbone's name.
        backbone: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The model uses a backbone that only the training program has.
    #[error(
        "{}: backbone `{backbone}` is not built in; the program that trained the model can load \
         it with `Detector::load_with_backbone`",
        .path.display()
    )]
    BackboneUnknown {
        /// The model file.
        path: PathBuf,
        /// The backbone's name.
        backbone: String,
    },
    /// Your own backbone could not be restored from a model file.
    #[error("{}: backbone `{backbone}` can't be restored: {source}", .path.display())]
    BackboneRestore {
        /// The model file.
        path: PathBuf,
        /// The backbone's name.
        backbone: String,
        /// The program's own error.
        source: RestoreError,
    },
    /// There are no normal images to train on.
    #[error(
        "data set `{dataset}` has no readable normal training image{}; BGAD learns from normal images",
        .reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default()
    )]
    NoNormalImages {
        /// The data set's name.
        dataset: String,
        /// Why the last of them was left out.
        reason: Option<String>,
    },
    /// BGAD-FAS was asked for without abnormal images.
    #[error(
        "BGAD-FAS needs abnormal training images and data set `{dataset}` has none; select some \
         with `--anomalies`, or train BGAD, which needs none"
    )]
    NoAbnormalImages {
        /// The data set's name.
        dataset: String,
    },
    /// The normal features are not all finite, so they have no covariance.
    #[error(
        "the normal training features of {dimension} channels are not all finite; check the \
         images and the backbone's weights, or train with `--set features.scaling=none`"
    )]
    Scaling {
        /// The features' dimension.
        dimension: usize,
    },
    /// The loss, or a log-likelihood in it, is no longer finite.
    #[error(
        "training diverged in meta-epoch {meta_epoch}: the likelihood at {input} became {loss}; use \
         a lower learning rate, or check the images"
    )]
    Diverged {
        /// The meta-epoch, from 1.
        meta_epoch: usize,
        /// The level, such as `stride 8`.
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
    /// A file is not a model file, or is damaged.
    #[error("{}: not a valid bgad model: {reason}; give a run's model.bgad, copy the file again, or train again", .path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A file in a run's folder is damaged, or is not what it should be.
    #[error(
        "{}: not a valid file of a bgad run: {reason}; run `bgad train` or `bgad evaluate` again",
        .path.display()
    )]
    RunFile {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A model can't be converted to bytes.
    #[error("this model, with backbone `{backbone}`, can't be quantised: {reason}")]
    NotQuantizable {
        /// The backbone's name.
        backbone: String,
        /// Why.
        reason: String,
    },
    /// Training images of a run are missing.
    #[error(
        "{}: {missing} of this run's training images are missing, the first is {}; put them back \
         where the run's dataset.json names them, or train again",
        .run.display(), .first.display()
    )]
    RunImagesMissing {
        /// The run's folder.
        run: PathBuf,
        /// Number of missing images.
        missing: usize,
        /// The first missing image.
        first: PathBuf,
    },
    /// The model file has another format version.
    #[error(
        "{}: model format {found}, but this program reads format {supported}; use the bgad version that wrote \
         it, or train again",
        .path.display()
    )]
    ModelVersion {
        /// The file.
        path: PathBuf,
        /// The file's format version.
        found: u32,
        /// The version that this program reads.
        supported: u32,
    },
    /// A file is not a checkpoint, or is damaged.
    #[error(
        "{}: not a valid checkpoint: {reason}; remove it to continue from an older one, or train \
         again",
        .path.display()
    )]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A PyTorch checkpoint can't be imported.
    #[error("{}: can't be imported: {reason}", .path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The checkpoint belongs to another run.
    #[error(
        "{}: this run's {what} have changed since the checkpoint was written; restore them, or \
         train again",
        .path.display()
    )]
    CheckpointDiffers {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// Training was stopped on request.
    #[error("training was stopped{}", .checkpoint.as_ref().map_or(String::new(), |path| {
        format!("; it can be resumed from {}", path.display())
    }))]
    Stopped {
        /// The checkpoint that was written, if checkpoints are enabled.
        checkpoint: Option<PathBuf>,
    },
    /// Values could not be read from the device.
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
    /// The model has no score maps.
    #[error(
        "this model was trained at image granularity without a memory bank: it scores whole images and has no \
         heat map; train with a memory bank (`memory_bank.size`) or with `--granularity pixel` for maps"
    )]
    NoScoreMap,
}

/// Result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
