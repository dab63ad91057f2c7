//! `bgad import`.

use std::path::PathBuf;

use bgad::{Detector, DeviceSelection, ImportOptions, SoftClamp, load_image};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::arguments::ReportingArguments;
use crate::failure::Failure;
use crate::images;
use crate::output;

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// What wrote the checkpoint: the authors' program, or a program of one's own that saved FrEIA
    /// flows.
    #[arg(long, value_enum, default_value_t = Source::BgadPytorch)]
    pub from: Source,
    /// The checkpoint; of FrEIA flows also one file a level, finest first.
    #[arg(required = true, value_name = "FILE.pt")]
    pub files: Vec<PathBuf>,
    /// The backbone that the flows were trained on, by timm's name.
    #[arg(long, value_name = "NAME")]
    pub backbone: String,
    /// Its weights [default: those in the checkpoint, else the published ones of its name, from the
    /// Hugging Face hub's cache or the hub].
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Take weights from the cache alone, never from the network.
    #[arg(long)]
    pub offline: bool,
    /// Normal images for the constants of scoring and the thresholds, best such that were not
    /// trained on: images, folders, or `-` for a list on standard input.
    #[arg(long, required = true, num_args = 1.., value_name = "IMAGE")]
    pub normal: Vec<PathBuf>,
    /// Width and height of the images in training.
    #[arg(long, value_name = "PIXELS", default_value_t = 256)]
    pub image_size: u32,
    /// How the version of FrEIA bounds log-scales: tanh up to 0.2, divided-tanh from August 2023 on.
    #[arg(long, value_enum, default_value_t = Clamp::Tanh)]
    pub clamp: Clamp,
    /// The share of normal images that may be called anomalous.
    #[arg(
        long,
        visible_alias = "fpr",
        value_name = "SHARE",
        default_value_t = 0.01
    )]
    pub false_positive_rate: f64,
    /// The file for the model.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// flex, ndarray, wgpu, vulkan or cuda, among those compiled in; of several GPUs the second is
    /// cuda:1.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// Programs whose checkpoints are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    BgadPytorch,
    Freia,
}

/// The forms of FrEIA's bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Clamp {
    Tanh,
    DividedTanh,
}

/// Makes a model of a PyTorch checkpoint.
pub fn run(arguments: &ImportArguments) -> Result<(), Failure> {
    if arguments.from == Source::BgadPytorch && arguments.files.len() > 1 {
        return Err(Failure::Missing(
            "the authors' program writes one checkpoint; for one file a level give `--from freia`"
                .to_owned(),
        ));
    }
    let device = arguments.device.open()?;
    let mut options = ImportOptions {
        backbone: arguments.backbone.clone(),
        weights: arguments.weights.clone(),
        image_size: arguments.image_size,
        clamp: match arguments.clamp {
            Clamp::Tanh => SoftClamp::Tanh,
            Clamp::DividedTanh => SoftClamp::DividedTanh,
        },
        false_positive_rate: arguments.false_positive_rate,
    };
    let files = images::list(&arguments.normal)?;
    let import = |options: &ImportOptions| {
        let normal = files.iter().map(|path: &PathBuf| Ok(load_image(path)?));
        Detector::import(&arguments.files, options, normal, &device)
    };
    let detector = match import(&options) {
        // The checkpoint has none either.
        Err(bgad::Error::WeightsMissing { .. }) => {
            let quiet = arguments.reporting.quiet;
            let backbone = &arguments.backbone;
            options.weights = crate::weights::resolve(backbone, arguments.offline, quiet)?;
            import(&options)?
        }
        other => other?,
    };
    detector.save(&arguments.out)?;
    let description = detector.description();
    if arguments.reporting.json {
        return output::json(&json!({
            "model": arguments.out.to_string_lossy(),
            "images": files.len(),
            "threshold": description.threshold,
            "pixel_threshold": description.pixel_threshold,
            "coupling_blocks": description.config.flow.coupling_blocks,
        }));
    }
    output::line(&format!("model         {}", arguments.out.display()))?;
    output::line(&format!("images        {}", files.len()))?;
    output::line(&format!("threshold     {}", description.threshold))
}
