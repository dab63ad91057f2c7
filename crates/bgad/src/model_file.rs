//! The model file: one safetensors file with everything that a prediction needs.
//!
//! Its only metadata entry, `bgad`, is JSON: the format version, the description, and a SHA-256
//! over the description and all tensors, so that a damaged file is noticed. Tensors of the backbone
//! are named `backbone.NAME`, those of the flows `level.INDEX.block.K.NAME`.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use bgad_backbone::NamedTensor;
use burn::tensor::{Device, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::detector::{Detector, ModelDescription};
use crate::flows::{ScaledFlow, flow_config};
use crate::scaling::Scaling;
use crate::{Error, Result, backbone};

/// The format that this version reads and writes.
pub const FORMAT_VERSION: u32 = 3;
const KEY: &str = "bgad";

#[derive(Serialize, Deserialize)]
struct Header {
    format_version: u32,
    checksum: String,
    /// Kept as text, so that the checksum covers exactly what is read.
    description: String,
}

/// A tensor as it stands in the file.
struct Stored {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    fn new(shape: &[usize], values: &[f32]) -> Self {
        Self {
            shape: shape.to_vec(),
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    fn values(&self) -> Vec<f32> {
        let value = |b: &[u8; 4]| f32::from_le_bytes(*b);
        self.bytes.as_chunks::<4>().0.iter().map(value).collect()
    }
}

fn checksum(description: &str, tensors: &BTreeMap<String, Stored>) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(description.as_bytes());
    for (name, tensor) in tensors {
        field(name.as_bytes());
        let shape = tensor.shape.iter().flat_map(|n| (*n as u64).to_le_bytes());
        field(&shape.collect::<Vec<_>>());
        field(&tensor.bytes);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // A temporary file is private by default; a model is an ordinary file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(Error::io(path))?;
    file.write_all(bytes).map_err(Error::io(path))?;
    file.as_file().sync_all().map_err(Error::io(path))?;
    file.persist(path)
        .map_err(|error| Error::io(path)(error.error))?;
    Ok(())
}

impl Detector {
    /// Writes the model to one file, whole or not at all. The same model gives the same bytes.
    ///
    /// # Errors
    /// When the file can't be written, or a value can't be read from the device.
    pub fn save(&self, path: &Path) -> Result<()> {
        let damaged = |reason: String| Error::ModelFile {
            path: path.to_owned(),
            reason,
        };
        let mut tensors = BTreeMap::new();
        for tensor in self.backbone.tensors() {
            let stored = Stored::new(&tensor.shape, &tensor.values);
            tensors.insert(format!("backbone.{}", tensor.name), stored);
        }
        for (level, flow) in self.flows.iter().enumerate() {
            for (name, data) in flow.parameters() {
                let values = data.as_slice::<f32>();
                let values = values.map_err(|error| damaged(format!("{name}: {error:?}")))?;
                let stored = Stored::new(data.shape().as_slice(), values);
                tensors.insert(format!("level.{level}.{name}"), stored);
            }
        }
        let description =
            serde_json::to_string(&self.description).map_err(|e| damaged(e.to_string()))?;
        let header = Header {
            format_version: FORMAT_VERSION,
            checksum: checksum(&description, &tensors),
            description,
        };
        let header = serde_json::to_string(&header).map_err(|e| damaged(e.to_string()))?;
        let views = tensors
            .iter()
            .map(|(name, tensor)| {
                TensorView::new(Dtype::F32, tensor.shape.clone(), &tensor.bytes)
                    .map(|view| (name.as_str(), view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| damaged(e.to_string()))?;
        let metadata = HashMap::from([(KEY.to_owned(), header)]);
        let bytes = safetensors::serialize(views, Some(metadata));
        write_whole(path, &bytes.map_err(|e| damaged(e.to_string()))?)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// When the file can't be read, is of a later version, is damaged or is no model.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        let damaged = |reason: String| Error::ModelFile {
            path: path.to_owned(),
            reason,
        };
        let (header, tensors) = parse(&bytes).map_err(damaged)?;
        if header.format_version != FORMAT_VERSION {
            return Err(Error::ModelVersion {
                path: path.to_owned(),
                found: header.format_version,
                supported: FORMAT_VERSION,
            });
        }
        if checksum(&header.description, &tensors) != header.checksum {
            return Err(damaged("its content does not match its checksum".into()));
        }
        let description: ModelDescription = serde_json::from_str(&header.description)
            .map_err(|e| damaged(format!("its description: {e}")))?;
        description.config.check()?;
        build(description, tensors, device).map_err(|error| damaged(error.to_string()))
    }
}

/// The header and all tensors of a file's bytes, or what is wrong with them.
fn parse(bytes: &[u8]) -> Result<(Header, BTreeMap<String, Stored>), String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)
        .map_err(|e| format!("it is damaged or no safetensors file ({e})"))?;
    let header = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
    let header = header.ok_or("a safetensors file, but without bgad's description")?;
    let header: Header = serde_json::from_str(header).map_err(|e| format!("its header: {e}"))?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(format!(
                "tensor `{name}` is {:?}, expected F32",
                view.dtype()
            ));
        }
        let stored = Stored {
            shape: view.shape().to_vec(),
            bytes: view.data().to_vec(),
        };
        tensors.insert(name, stored);
    }
    Ok((header, tensors))
}

fn build(
    description: ModelDescription,
    tensors: BTreeMap<String, Stored>,
    device: &Device,
) -> Result<Detector> {
    let mut of_backbone = Vec::new();
    let mut of_levels: BTreeMap<String, BTreeMap<String, TensorData>> = BTreeMap::new();
    for (full, tensor) in tensors {
        if let Some(name) = full.strip_prefix("backbone.") {
            of_backbone.push(NamedTensor {
                name: name.to_owned(),
                values: tensor.values(),
                shape: tensor.shape,
            });
        } else if let Some((level, name)) = full
            .strip_prefix("level.")
            .and_then(|rest| rest.split_once('.'))
        {
            let data = TensorData::new(tensor.values(), tensor.shape.clone());
            let of_level = of_levels.entry(level.to_owned()).or_default();
            of_level.insert(name.to_owned(), data);
        }
    }
    let config = &description.config;
    let backbone = backbone::restore(&config.backbone, &config.strides, of_backbone, device)?;
    let inputs = description.inputs().list(backbone.levels());
    let calibration = &description.calibration;
    let constants = [&calibration.level_maxima, &calibration.level_deviations];
    if constants.iter().any(|c| c.len() != inputs.len()) {
        let found = calibration.level_maxima.len();
        let expected = format!("{}, the number of flows", inputs.len());
        return Err(Error::setting("calibration.level_maxima", found, expected));
    }
    let mut flows = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let mut parameters = of_levels.remove(&index.to_string()).unwrap_or_default();
        let take = |name: &str| parameters.remove(name);
        let scaling = Scaling::restore(config.feature_scaling, input.dimension, take, device)?;
        let flow = flow_config(config, input).init_from(parameters, device)?;
        flows.push(ScaledFlow { scaling, flow });
    }
    Detector::new(description, backbone, flows, device)
}
