//! The model file: one safetensors file with everything that a prediction needs.
//!
//! Tensors of the backbone are named `backbone.NAME` and those of the flows `level.INDEX.block.K.NAME`.
//! Tensors from normal training images are named `neighbors.NAME`, `memory_bank.NAME`, `contexts.NAME`,
//! `position_gaussians.NAME`, `discriminant.NAME` and `known_defects.NAME`. If the model has a finer input, those for it begin with `finer.`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "train")]
use bgad_backbone::Backbone;
use bgad_backbone::NamedTensor;
use bgad_flow::Parameter;

use super::description::ModelDescription;
#[cfg(feature = "train")]
use super::learned_tensors::LearnedTensors;
use super::read_tensors::ReadTensors;
use super::trained_model::Detector;
use crate::config::rotations::Rotations;
use crate::device::Device;
#[cfg(feature = "train")]
use crate::error::RestoreError;
use crate::error::{Error, Result};
use crate::features::built_in::{self, AnyBackbone};
#[cfg(feature = "train")]
use crate::features::custom_backbone;
use crate::features::flow_inputs::BankInputs;
use crate::model::LevelFlow;
use crate::model::contexts::Contexts;
use crate::model::discriminant::Discriminant;
use crate::model::known_defects::KnownDefects;
use crate::model::memory_bank::MemoryBank;
use crate::model::neighbors::Neighbors;
use crate::model::position_gaussians::PositionGaussians;
use crate::scoring::hot_spots::HotSpots;
use crate::storage::tensor_file::{Damage, Kind, Stored, TensorFile};

/// The format version that this program reads and writes.
pub const FORMAT_VERSION: u32 = 20;
const KIND: Kind = Kind {
    key: "bgad",
    version: FORMAT_VERSION,
};

/// What the names of the backbone's tensors begin with, and those of what was learned for the finer input.
const BACKBONE: &str = "backbone.";
const FINER: &str = "finer.";

impl Detector {
    /// Writes the model to one file, atomically. The same model gives the same bytes.
    ///
    /// # Errors
    /// If the file can't be written, a threshold is not finite, or a value can't be read from the device.
    #[cfg(feature = "train")]
    pub fn save(&self, path: &Path) -> Result<()> {
        let damaged = |reason: String| at(path)(reason.into());
        let description = &self.description;
        let thresholds = [Some(description.threshold), description.pixel_threshold];
        let mut thresholds = thresholds.into_iter().flatten();
        if let Some(found) = thresholds.find(|threshold| !threshold.is_finite()) {
            return Err(Error::state("threshold", found, "a finite number"));
        }
        let of_backbone = self.backbone.tensors();
        let in_bytes = description.quantization.is_some();
        let of_usual = LearnedTensors::of(self);
        let of_finer = self.finer.as_ref();
        let of_finer = of_finer.map(|finer| LearnedTensors::of(finer));
        let numbers = match in_bytes {
            true => Stored::compact,
            false => Stored::numbers,
        };
        let mut tensors = BTreeMap::new();
        for tensor in &of_backbone {
            let stored = numbers(&tensor.shape, &tensor.values);
            tensors.insert(format!("{BACKBONE}{}", tensor.name), stored);
        }
        of_usual
            .add_to(&mut tensors, "", numbers)
            .map_err(damaged)?;
        if let Some(of_finer) = &of_finer {
            of_finer
                .add_to(&mut tensors, FINER, numbers)
                .map_err(damaged)?;
        }
        let file = TensorFile {
            description: serde_json::to_string(&self.description)
                .map_err(|e| damaged(e.to_string()))?,
            tensors,
        };
        file.write(path, &KIND, damaged)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// If the file can't be read, has another version, is damaged or is not a model;
    /// [`Error::BackboneUnknown`] if its backbone is your own.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        let content = parse(&bytes).map_err(at(path))?;
        // Frees the bytes before the model's own memory is allocated.
        drop(bytes);
        Self::restore(content, path, device)
    }

    /// Reads a model from a file's bytes; errors call it `path`.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), except that no file is read.
    pub fn from_bytes(bytes: &[u8], path: &Path, device: &Device) -> Result<Self> {
        Self::restore(parse(bytes).map_err(at(path))?, path, device)
    }

    /// Builds the detector from a file's content.
    fn restore(
        (description, parts): (ModelDescription, Parts),
        path: &Path,
        device: &Device,
    ) -> Result<Self> {
        let config = &description.config;
        config.features.precision.check(device)?;
        if !built_in::is_built_in(&config.backbone.name) {
            return Err(Error::BackboneUnknown {
                path: path.to_owned(),
                backbone: config.backbone.name.clone(),
            });
        }
        built_in::restore(
            &config.backbone.name,
            &config.backbone.strides,
            parts.backbone,
            device,
        )
        .and_then(|backbone| {
            let tensors = (parts.of_model, parts.of_finer);
            restored(description, backbone, tensors, device)
        })
        .map_err(|error| at(path)(error.into()))
    }

    /// Reads a model file that was trained [with your own backbone](crate::Trainer::with_backbone). `restore`
    /// rebuilds the backbone on `device` from the tensors that it returned when the model was saved, sorted
    /// by name; a backbone without weights ignores them.
    ///
    /// # Errors
    /// Those of [`load`](Self::load); [`Error::BackboneRestore`] if `restore` fails, and
    /// [`Error::BackboneContract`] if the backbone is not the one used in training.
    #[cfg(feature = "train")]
    pub fn load_with_backbone(
        path: &Path,
        device: &Device,
        restore: impl FnOnce(Vec<NamedTensor>) -> Result<Arc<dyn Backbone>, RestoreError>,
    ) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        let (description, parts) = parse(&bytes).map_err(at(path))?;
        let checksum = description.backbone_checksum.as_deref();
        let config = &description.config;
        config.features.precision.check(device)?;
        let backbone =
            custom_backbone::restore(path, config, checksum, parts.backbone, device, restore)?;
        let tensors = (parts.of_model, parts.of_finer);
        restored(description, backbone, tensors, device).map_err(|error| at(path)(error.into()))
    }
}

/// Splits a file into description and tensors.
fn parse(bytes: &[u8]) -> Result<(ModelDescription, Parts), Damage> {
    let file = TensorFile::from_bytes(bytes, &KIND)?;
    let mut description: ModelDescription =
        serde_json::from_str(&file.description).map_err(|e| format!("its description: {e}"))?;
    description.config.check()?;
    // Models of versions without turned copies don't name them.
    if description.config.input.rotations == Rotations::Auto {
        description.config = description.config.clone().with_rotations(Rotations::Off);
    }
    Ok((description, Parts::new(file.tensors)?))
}

/// The error for damage in the file at `path`.
fn at(path: &Path) -> impl Fn(Damage) -> Error + '_ {
    move |damage| match damage {
        Damage::Reason(reason) => Error::ModelFile {
            path: path.to_owned(),
            reason,
        },
        Damage::Version(found) => Error::ModelVersion {
            path: path.to_owned(),
            found,
            supported: FORMAT_VERSION,
        },
    }
}

/// A file's tensors by owner.
#[derive(Default)]
struct Parts {
    backbone: Vec<NamedTensor>,
    of_model: ReadTensors,
    /// Those for the finer input.
    of_finer: ReadTensors,
}

impl Parts {
    fn new(tensors: BTreeMap<String, Stored<'_>>) -> Result<Self> {
        let mut parts = Self::default();
        for (full, tensor) in tensors {
            let values = tensor.values();
            let values = values.ok_or_else(|| {
                Error::state(full.as_str(), format!("of {:?}", tensor.elements), "F32")
            })?;
            let shape = tensor.shape;
            if let Some(name) = full.strip_prefix(BACKBONE) {
                let name = name.to_owned();
                parts.backbone.push(NamedTensor {
                    name,
                    values,
                    shape,
                });
            } else if let Some(name) = full.strip_prefix(FINER) {
                parts.of_finer.take(name, Parameter { shape, values });
            } else {
                parts.of_model.take(&full, Parameter { shape, values });
            }
        }
        Ok(parts)
    }
}

/// Builds the detector from what a file contains, that of its finer input included.
fn restored(
    description: ModelDescription,
    backbone: Arc<dyn AnyBackbone>,
    (of_model, of_finer): (ReadTensors, ReadTensors),
    device: &Device,
) -> Result<Detector> {
    let of_finer = |finer| {
        let finer = build(finer, backbone.clone(), of_finer, device);
        Ok::<_, Error>(Box::new(finer.map_err(of_finer_input)?))
    };
    let finer = description.finer()?;
    let (finer, detector) = rayon::join(
        || finer.map(of_finer).transpose(),
        || build(description, backbone.clone(), of_model, device),
    );
    let finer = finer?;
    let mut detector = detector?;
    detector.finer = finer;
    Ok(detector)
}

/// Says that a part belongs to the finer input.
fn of_finer_input(error: Error) -> Error {
    match error {
        Error::State {
            part,
            found,
            expected,
        } => Error::state(format!("{FINER}{part}"), found, expected),
        other => other,
    }
}

fn build(
    description: ModelDescription,
    backbone: Arc<dyn AnyBackbone>,
    mut tensors: ReadTensors,
    device: &Device,
) -> Result<Detector> {
    let config = &description.config;
    let levels = backbone.levels();
    let inputs = description.inputs().list(levels);
    let calibration = &description.calibration;
    let constants = [&calibration.level_maxima, &calibration.level_deviations];
    if constants.iter().any(|c| c.len() != inputs.len()) {
        let found = calibration.level_maxima.len();
        let expected = format!("{}, the number of flows", inputs.len());
        return Err(Error::state("calibration.level_maxima", found, expected));
    }
    let weights = [
        ("calibration.alignment", calibration.alignment),
        ("calibration.defects_weight", calibration.defects_weight),
        ("calibration.fineness", calibration.fineness),
        ("calibration.likeness_weight", calibration.likeness_weight),
    ];
    for (name, weight) in weights {
        if !(0.0..=1.0).contains(&weight) {
            return Err(Error::state(name, weight, "a number from 0 to 1"));
        }
    }
    if !calibration.is_sound() {
        let expected = "17 rising numbers and a positive scale for each kind of evidence";
        return Err(Error::state("calibration.tails", "invalid", expected));
    }
    let sides: Vec<usize> = inputs.iter().filter_map(|input| input.side).collect();
    if !calibration.are_edges_sound(&sides) {
        let expected = format!("finite numbers for maps of {sides:?} rows and columns, or none");
        return Err(Error::state("calibration.edges", "invalid", expected));
    }
    if !calibration
        .hot_spots
        .as_ref()
        .is_none_or(HotSpots::is_sound)
    {
        let expected = "as many means as places, none below 0, or none at all";
        return Err(Error::state("calibration.hot_spots", "invalid", expected));
    }
    let mut flows = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let parameters = tensors
            .levels
            .remove(&index.to_string())
            .unwrap_or_default();
        let not_finite = |values: &[f32]| values.iter().copied().find(|value| !value.is_finite());
        for (name, parameter) in &parameters {
            if let Some(found) = not_finite(&parameter.values) {
                let name = format!("level.{index}.{name}");
                return Err(Error::state(name, found, "finite numbers"));
            }
        }
        flows.push(LevelFlow::restore(config, input, parameters, device)?);
    }
    let pooled = inputs.iter().filter(|input| input.is_pooled());
    let dimension: usize = pooled.map(|input| input.dimension).sum();
    let wanted = config.pooled.neighbors && dimension > 0;
    let neighbors = wanted.then(|| Neighbors::restore(&mut tensors.neighbors, dimension));
    let bank = description.inputs().bank(levels);
    let tails = calibration.tails.as_ref();
    let learnt = tails.is_some_and(|tails| tails.defects.is_some());
    let wide = tails.is_some_and(|tails| tails.context.is_some());
    let contexts = bank.as_ref().filter(|_| wide).map(BankInputs::dimension);
    let contexts = contexts.map(|dimension| Contexts::restore(&mut tensors.contexts, dimension));
    let aligned = tails.is_some_and(|tails| tails.deviation.is_some());
    let gaussians = bank.clone().filter(|_| aligned);
    let gaussians =
        gaussians.map(|inputs| PositionGaussians::restore(&mut tensors.gaussians, inputs));
    let discriminant = bank.clone().filter(|_| learnt);
    let discriminant =
        discriminant.map(|inputs| Discriminant::restore(&mut tensors.discriminant, inputs));
    let known_defects = bank.as_ref().filter(|_| learnt).map(BankInputs::dimension);
    let known_defects =
        known_defects.map(|dimension| KnownDefects::restore(&mut tensors.known_defects, dimension));
    let bank = bank.map(|inputs| MemoryBank::restore(&mut tensors.bank, inputs));
    Ok(Detector {
        discriminant: discriminant.transpose()?,
        known_defects: known_defects.transpose()?,
        neighbors: neighbors.transpose()?,
        bank: bank.transpose()?,
        contexts: contexts.transpose()?,
        gaussians: gaussians.transpose()?,
        description,
        backbone,
        flows,
        finer: None,
        device: device.clone(),
    })
}
