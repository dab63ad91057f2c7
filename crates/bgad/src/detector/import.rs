//! Import of models trained with PyTorch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bgad_backbone::{BackboneError, Weights};
use bgad_data::RgbImage;
use bgad_flow::{FlowConfig, SoftClamp, from_freia};
use burn::tensor::{Device, TensorData};

use super::description::ModelDescription;
use super::trained_model::Detector;
use crate::config::backbone::{BackboneSettings, FILTER_BANK};
use crate::config::choices::{Granularity, Mirror, PooledLevels, Pooling};
use crate::config::finer_size::FinerSize;
use crate::config::input::InputSettings;
use crate::config::scoring::ScoringSettings;
use crate::config::settings::TrainerConfig;
use crate::error::{Error, Result};
use crate::features::backbone;
use crate::features::flow_inputs::FlowInputs;
use crate::model::level_flow::WhitenedFlow;
use crate::model::places::flow_config;
use crate::scoring::calibration::Calibration;
use crate::scoring::image_likelihoods::ImageLikelihoods;

/// The part before a flow's state in a checkpoint's names.
const FLOW: &str = "module_list.";
/// The prefix under which the authors' program stores the backbone.
const ENCODER: &str = "encoder_state_dict.";

/// What a PyTorch checkpoint does not contain: sections of the settings, and which version of FrEIA wrote it.
/// The default is the published method with the filter bank.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The backbone that the flows were trained on. Without weights, those in the checkpoint are used, where
    /// the authors' program stores them.
    pub backbone: BackboneSettings,
    /// How training turned images into inputs.
    pub input: InputSettings,
    /// How the model scores and decides. `auto` does not mirror, because there are no held-out images to
    /// decide on.
    pub scoring: ScoringSettings,
    /// How that version of FrEIA bounds log-scales.
    pub clamp: SoftClamp,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            backbone: BackboneSettings::paper(),
            input: InputSettings::paper(),
            scoring: ScoringSettings::paper(),
            clamp: SoftClamp::Tanh,
        }
    }
}

impl Detector {
    /// A detector from checkpoints of the authors' program or of plain FrEIA flows.
    ///
    /// A checkpoint has one `SequenceINN` per level, finest first, under any names that end in
    /// `module_list.BLOCK.PARAMETER`; several files are read in order. Conditional flows score positions.
    /// Flows without a condition score pooled features: means, or means and deviations. A checkpoint has
    /// neither constants of scoring nor thresholds, so they are computed from `normal` images, which should
    /// not be the training images.
    ///
    /// Files are read as data; no code in them runs.
    ///
    /// # Errors
    /// A file that can't be read or is not a checkpoint; flows that don't fit the backbone or each other; no
    /// image, or an `Err` among the images.
    pub fn import<I>(
        files: &[PathBuf],
        options: &ImportOptions,
        normal: I,
        device: &Device,
    ) -> Result<Self>
    where
        I: IntoIterator<Item = Result<RgbImage>>,
    {
        let mut states = Vec::new();
        let mut encoder = None;
        for file in files {
            let (flows, has_encoder) = read(file)?;
            if has_encoder && encoder.is_none() {
                encoder = Some(file.as_path());
            }
            for flow in flows {
                let flow = from_freia(&flow, options.clamp);
                states.push(flow.map_err(|e| wrong(file, e.to_string()))?);
            }
        }
        let first = files.first().map_or(Path::new(""), PathBuf::as_path);
        let shape = states.first().map(|(config, _)| *config);
        let shape = shape.ok_or_else(|| {
            wrong(
                first,
                "it has no flow: no name contains `module_list.`".to_owned(),
            )
        })?;
        let weights = match options.backbone.name == FILTER_BANK {
            true => None,
            false => options
                .backbone
                .weights
                .clone()
                .or(encoder.map(Path::to_owned)),
        };
        let mut config = config(options, shape, weights);
        config.input.image_size = Some(config.input.size());
        if let Some(finer) = config.input.finer_size.pixels() {
            let expected = "`off`: an imported model has one input";
            return Err(Error::setting("input.finer_size", finer, expected));
        }
        config.input.finer_size = FinerSize::Off;
        config.check()?;
        let opened = {
            let weights = config.backbone.weights.as_deref();
            backbone::open(
                &config.backbone.name,
                weights,
                &config.backbone.strides,
                device,
            )?
        };
        let granularity = match shape.condition {
            Some(_) => Granularity::Pixel,
            None => Granularity::Image,
        };
        config.granularity = Some(granularity);
        let channels = opened.backbone.levels().first().map_or(0, |l| l.channels);
        config.pooled.pooling = match shape.dimension == channels {
            true => Pooling::Mean,
            false => Pooling::MeanStd,
        };
        let config = config.check()?;
        let inputs = FlowInputs::new(&config, granularity).list(opened.backbone.levels());
        let found = states
            .iter()
            .map(|(config, _)| shape_of(config))
            .collect::<Vec<_>>();
        let expected = inputs.iter().map(|input| flow_config(&config, input));
        let expected = expected.map(|config| shape_of(&config)).collect::<Vec<_>>();
        if found != expected {
            let (found, expected) = (found.join("; "), expected.join("; "));
            return Err(wrong(
                first,
                format!(
                    "its flows are {found}; `{}` at strides {:?} needs {expected}",
                    config.backbone.name, config.backbone.strides
                ),
            ));
        }
        let flows = states.into_iter().map(|(shape, parameters)| {
            Ok(WhitenedFlow {
                scaling: None,
                flow: Some(shape.init_from(parameters, device)?),
            })
        });
        let flows = flows.collect::<Result<Vec<_>>>()?;
        let description = ModelDescription {
            calibration: Calibration::new(config.scoring.aggregation, config.scoring.image_score)
                .with_map_baseline(config.scoring.map_baseline),
            mirrored: config.scoring.mirror == Mirror::On,
            granularity,
            backbone_checksum: opened.checksum,
            threshold: 0.0,
            pixel_threshold: None,
            outlines_known_defects: false,
            normal_scores: Vec::new(),
            calibrated: false,
            promised_rate: None,
            boundaries: Vec::new(),
            dataset: first
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            training_anomalies: Vec::new(),
            quantization: None,
            config,
        };
        let mut detector = Self::new(description, opened.backbone, flows, device)?;
        let maps = normal.into_iter().map(|image| {
            let image = image?;
            let views = detector.views(image.dimensions());
            Ok((views, detector.log_likelihoods(&image)?))
        });
        let maps = maps.collect::<Result<Vec<_>>>()?;
        if maps.is_empty() {
            return Err(Error::input("normal images", 0, "at least one"));
        }
        let images = maps.iter();
        let images = images.map(|(views, inputs)| ImageLikelihoods { views, inputs });
        let images: Vec<_> = images.collect();
        let (_, scored) = detector.calibrate(&images, &[], 0)?;
        detector.take_thresholds(&scored, &[])?;
        Ok(detector)
    }
}

/// The published method's settings combined with those of the checkpoint.
fn config(options: &ImportOptions, shape: FlowConfig, weights: Option<PathBuf>) -> TrainerConfig {
    TrainerConfig::paper().with(|config| {
        config.backbone.clone_from(&options.backbone);
        config.backbone.weights = weights;
        config.input.clone_from(&options.input);
        config.scoring.clone_from(&options.scoring);
        config.flow.coupling_blocks = shape.blocks;
        if let Some(dimension) = shape.condition {
            config.flow.position_dimension = dimension;
        }
        config.pooled.levels = PooledLevels::Separate;
    })
}

fn shape_of(config: &FlowConfig) -> String {
    let condition = match config.condition {
        Some(condition) => format!(" with {condition} condition channels"),
        None => String::new(),
    };
    format!(
        "{} channels{condition} in {} blocks",
        config.dimension, config.blocks
    )
}

type State = BTreeMap<String, TensorData>;

/// The flows' states in a checkpoint, in the order of their names, and whether it also contains the
/// backbone's weights.
fn read(file: &Path) -> Result<(Vec<State>, bool)> {
    let mut has_encoder = false;
    let tensors = Weights::pytorch_tensors(file, |names| {
        has_encoder = names.iter().any(|name| name.starts_with(ENCODER));
        |name: &str| name.contains(FLOW).then(|| name.to_owned())
    });
    let tensors = tensors.map_err(|error| match error {
        BackboneError::Read { source, .. } => Error::io(file)(source),
        BackboneError::Corrupt { reason, .. } => wrong(file, reason),
        other => other.into(),
    })?;
    let mut flows: BTreeMap<Prefix, State> = BTreeMap::new();
    for tensor in tensors {
        let at = tensor.name.find(FLOW).unwrap_or_default();
        let data = TensorData::new(tensor.values, tensor.shape);
        let flow = flows.entry(Prefix::of(&tensor.name[..at])).or_default();
        flow.insert(tensor.name[at..].to_owned(), data);
    }
    Ok((flows.into_values().collect(), has_encoder))
}

/// The part before a flow's names, ordered with numbers as numbers.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Prefix(Vec<(u64, String)>);

impl Prefix {
    fn of(text: &str) -> Self {
        let part = |part: &str| match part.parse() {
            Ok(number) => (number, String::new()),
            Err(_) => (0, part.to_owned()),
        };
        Self(text.split('.').map(part).collect())
    }
}

fn wrong(file: &Path, reason: String) -> Error {
    Error::Import {
        path: file.to_owned(),
        reason,
    }
}
