//! `bgad import`.

use std::path::PathBuf;

use bgad::{
    BitDepthInspection, Detector, DeviceSelection, ImportOptions, SoftClamp, ThresholdRule,
    TrainerConfig, load_image_as,
};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::arguments::{Flag, Flags, ReportingArguments, SettingArguments};
use crate::failure::Failure;
use crate::images;
use crate::output;
use crate::output_file;
use crate::progress::warning;

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// What wrote the checkpoint: the authors' program, or your own program with FrEIA flows.
    #[arg(long, value_enum, default_value_t = Source::BgadPytorch)]
    pub from: Source,
    /// The checkpoint; for FrEIA flows also one file per level, finest first.
    #[arg(required = true, value_name = "FILE.pt")]
    pub files: Vec<PathBuf>,
    /// The backbone that the flows were trained on, by timm's name.
    #[arg(long, value_name = "NAME")]
    pub backbone: String,
    #[command(flatten)]
    pub settings: SettingArguments<ImportFlags>,
    /// Use only cached weights, never the network.
    #[arg(long)]
    pub offline: bool,
    /// Normal images for the scoring constants and the thresholds, preferably not trained on: images,
    /// folders, or `-` for a list on standard input.
    #[arg(long, required = true, num_args = 1.., value_name = "IMAGE")]
    pub normal: Vec<PathBuf>,
    /// How your FrEIA version bounds log-scales: tanh up to 0.2, divided-tanh from August 2023 on.
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
    /// flex, ndarray, wgpu, vulkan or cuda, if compiled in; cuda:1 is the second of several GPUs.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// The settings that have their own flag.
#[derive(Debug)]
pub struct ImportFlags;

impl Flags for ImportFlags {
    const FLAGS: &'static [Flag] = &[
        Flag::new("weights", "backbone.weights", "FILE"),
        Flag::new("image-size", "input.image_size", "PIXELS"),
    ];
}

/// Sections that an import accepts; the checkpoint and the flags determine the rest.
const SECTIONS: [&str; 3] = ["backbone.", "input.", "scoring."];
/// Settings that are given by flags with other names.
const SAID_BY_FLAGS: [&str; 2] = ["backbone.name", "scoring.threshold"];

/// Programs whose checkpoints can be read.
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

/// Converts a PyTorch checkpoint to a model.
pub fn run(arguments: &ImportArguments) -> Result<(), Failure> {
    output_file::check_model(&arguments.out)?;
    if arguments.from == Source::BgadPytorch && arguments.files.len() > 1 {
        return Err(Failure::Missing(
            "the authors' program writes one checkpoint; for one file per level use `--from freia`"
                .to_owned(),
        ));
    }
    let device = arguments.device.open()?;
    let mut options = options(arguments)?;
    let files = images::list(&arguments.normal)?;
    if options.input.bit_depth.is_none()
        && let Some(found) = BitDepthInspection::of(&files)
    {
        options.input.bit_depth = Some(found.depth);
        found.warning().iter().for_each(|text| warning(text));
    }
    let import = |options: &ImportOptions| {
        let reading = options.input.reading();
        let normal = files
            .iter()
            .map(|path: &PathBuf| Ok(load_image_as(path, reading)?));
        Detector::import(&arguments.files, options, normal, &device)
    };
    let detector = match import(&options) {
        // The checkpoint does not contain them either.
        Err(bgad::Error::WeightsMissing { .. }) => {
            let quiet = arguments.reporting.quiet;
            let backbone = &arguments.backbone;
            options.backbone.weights = crate::weights::resolve(backbone, arguments.offline, quiet)?;
            import(&options)?
        }
        other => other?,
    };
    detector.save(&arguments.out)?;
    let description = detector.description();
    if arguments.reporting.json {
        return output::json(&json!({
            "model": bgad::path_to_text(&arguments.out),
            "images": files.len(),
            "threshold": output::chosen(description.threshold),
            "pixel_threshold": description.pixel_threshold.and_then(output::chosen),
            "coupling_blocks": description.config.flow.coupling_blocks,
        }));
    }
    output::line(&format!("model         {}", arguments.out.display()))?;
    output::line(&format!("images        {}", files.len()))?;
    output::line(&format!(
        "threshold     {}",
        output::threshold(description.threshold)
    ))
}

/// The published method's settings with the given ones on top.
fn options(arguments: &ImportArguments) -> Result<ImportOptions, Failure> {
    let mut config = TrainerConfig::paper().with(|config| {
        config.backbone.name.clone_from(&arguments.backbone);
        config.scoring.threshold = ThresholdRule::FalsePositiveRate(arguments.false_positive_rate);
    });
    let mut given = arguments
        .settings
        .given
        .iter()
        .map(|(name, _)| name.as_str());
    if let Some(other) = given.find(|name| {
        SAID_BY_FLAGS.contains(name) || !SECTIONS.iter().any(|section| name.starts_with(section))
    }) {
        return Err(Failure::Missing(format!(
            "`--set {other}` can't be used in an import, which accepts the sections `backbone`, `input` and \
             `scoring`; the backbone's name is --backbone, the threshold --false-positive-rate"
        )));
    }
    arguments.settings.apply(&mut config)?;
    Ok(ImportOptions {
        backbone: config.backbone,
        input: config.input,
        scoring: config.scoring,
        clamp: match arguments.clamp {
            Clamp::Tanh => SoftClamp::Tanh,
            Clamp::DividedTanh => SoftClamp::DividedTanh,
        },
    })
}
