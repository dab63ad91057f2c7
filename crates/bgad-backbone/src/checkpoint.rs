//! Decodes untrusted weight files.

use std::path::Path;

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchReader};
use safetensors::{Dtype, SafeTensors};

use crate::backbone::NamedTensor;
use crate::error::BackboneError;

/// The tensor that marks where the network begins in a nested checkpoint.
const LANDMARK: &str = "conv_stem.weight";

/// Reads the weights that some architecture can use.
pub(crate) fn read(
    path: &Path,
    file: &str,
    bytes: &[u8],
) -> Result<Vec<NamedTensor>, BackboneError> {
    // Safetensors first: its leading length may look like another format's signature.
    if looks_like_safetensors(bytes) {
        read_safetensors(file, bytes)
    } else if looks_like_pytorch(bytes) {
        read_pytorch(path, file, bytes.len())
    } else {
        Err(BackboneError::UnknownFormat {
            file: file.to_owned(),
            found: describe(bytes),
        })
    }
}

/// Whether this is a ZIP archive, a bare pickle of protocol 2 or later, or a TAR archive.
fn looks_like_pytorch(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
        || matches!(bytes, [0x80, 2..=5, ..])
        || bytes.get(257..262) == Some(b"ustar")
}

/// Whether this begins like safetensors: eight bytes of length, then a JSON object. The length of a sensible
/// header does not look like text.
fn looks_like_safetensors(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    match bytes.split_at_checked(8) {
        Some((length, [b'{', ..])) => !length.iter().all(is_text),
        _ => false,
    }
}

fn describe(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "an empty file".to_owned();
    }
    if bytes.starts_with(b"version https://git-lfs") {
        return "a Git LFS pointer; fetch the file behind it".to_owned();
    }
    let start = &bytes[..bytes.len().min(64)];
    match std::str::from_utf8(start) {
        Ok(text) if text.trim_start().starts_with('<') => "a web page".to_owned(),
        Ok(text) if !text.contains('\0') => {
            let line = text.lines().next().unwrap_or_default();
            format!("text that begins with {line:?}")
        }
        _ => format!("{} bytes of another kind", bytes.len()),
    }
}

/// Whether a name is a weight in the part of a network that we build.
fn is_wanted(name: &str) -> bool {
    if name.ends_with(".num_batches_tracked") {
        return false;
    }
    let stage = name
        .strip_prefix("blocks.")
        .and_then(|rest| rest.split_once('.'))
        .and_then(|(stage, _)| stage.parse::<usize>().ok());
    stage.is_some_and(|stage| stage <= 4)
        || name.starts_with("conv_stem.")
        || name.starts_with("bn1.")
}

/// The prefix of the network's own names, such as `state_dict.module.`.
fn common_prefix<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let prefixes = names
        .filter_map(|name| name.strip_suffix(LANDMARK))
        .filter(|prefix| prefix.is_empty() || prefix.ends_with('.'));
    // Shortest first, then by name, so that a hash map's order does not matter.
    let best = prefixes.min_by_key(|prefix| (prefix.len(), *prefix));
    best.unwrap_or_default().to_owned()
}

fn read_safetensors(file: &str, bytes: &[u8]) -> Result<Vec<NamedTensor>, BackboneError> {
    let container = SafeTensors::deserialize(bytes).map_err(|error| BackboneError::Corrupt {
        file: file.to_owned(),
        format: "safetensors",
        reason: error.to_string(),
    })?;
    let prefix = common_prefix(container.names().into_iter());
    let mut tensors = Vec::new();
    for (full_name, view) in container.iter() {
        let Some(name) = full_name.strip_prefix(&prefix).filter(|n| is_wanted(n)) else {
            continue;
        };
        let encoding = match view.dtype() {
            Dtype::F16 => Some(Encoding::F16),
            Dtype::BF16 => Some(Encoding::Bf16),
            Dtype::F32 => Some(Encoding::F32),
            Dtype::F64 => Some(Encoding::F64),
            _ => None,
        };
        let encoding = encoding.ok_or_else(|| BackboneError::ElementType {
            file: file.to_owned(),
            tensor: full_name.to_owned(),
            found: format!("{:?}", view.dtype()),
        })?;
        tensors.push(NamedTensor {
            name: name.to_owned(),
            shape: view.shape().to_vec(),
            values: encoding.decode(view.data(), false),
        });
    }
    Ok(tensors)
}

fn read_pytorch(
    path: &Path,
    file: &str,
    file_len: usize,
) -> Result<Vec<NamedTensor>, BackboneError> {
    pytorch_tensors(path, file, file_len, |names| {
        let prefix = common_prefix(names.iter().copied());
        move |full_name: &str| {
            let name = full_name.strip_prefix(&prefix).filter(|n| is_wanted(n));
            name.map(str::to_owned)
        }
    })
}

/// The tensors of a checkpoint for which `wanted` returns a name.
pub(crate) fn pytorch_tensors<N: Fn(&str) -> Option<String>>(
    path: &Path,
    file: &str,
    file_len: usize,
    wanted: impl FnOnce(&[&str]) -> N,
) -> Result<Vec<NamedTensor>, BackboneError> {
    let corrupt = |reason: String| BackboneError::Corrupt {
        file: file.to_owned(),
        format: "PyTorch",
        reason,
    };
    let reader = PytorchReader::new(path).map_err(|error| corrupt(error.to_string()))?;
    let names: Vec<&str> = reader.tensors().keys().map(String::as_str).collect();
    let wanted = wanted(&names);
    let mut left = file_len;
    let mut tensors = Vec::new();
    for (full_name, tensor) in reader.tensors() {
        let Some(name) = wanted(full_name) else {
            continue;
        };
        let encoding = match tensor.dtype() {
            DType::F16 => Some(Encoding::F16),
            DType::BF16 => Some(Encoding::Bf16),
            DType::F32 => Some(Encoding::F32),
            DType::F64 => Some(Encoding::F64),
            _ => None,
        };
        let encoding = encoding.ok_or_else(|| BackboneError::ElementType {
            file: file.to_owned(),
            tensor: full_name.to_owned(),
            found: format!("{:?}", tensor.dtype()),
        })?;
        // A view can repeat its storage without limit, but weights are never larger than the file.
        left = left.checked_sub(tensor.byte_len()).ok_or_else(|| {
            corrupt(format!(
                "tensor `{full_name}` claims {} bytes, more than the file has left",
                tensor.byte_len()
            ))
        })?;
        let bytes = tensor.read().map_err(|error| corrupt(error.to_string()))?;
        tensors.push(NamedTensor {
            name,
            shape: tensor.shape().to_vec(),
            // The reader converts values to the machine's byte order.
            values: encoding.decode(&bytes, cfg!(target_endian = "big")),
        });
    }
    Ok(tensors)
}

#[derive(Clone, Copy)]
enum Encoding {
    F16,
    Bf16,
    F32,
    F64,
}

impl Encoding {
    fn decode(self, bytes: &[u8], big_endian: bool) -> Vec<f32> {
        match self {
            Self::F16 => convert(bytes, big_endian, |b| f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => convert(bytes, big_endian, |b| bf16::from_le_bytes(b).to_f32()),
            Self::F32 => convert(bytes, big_endian, f32::from_le_bytes),
            Self::F64 => convert(bytes, big_endian, |b| f64::from_le_bytes(b) as f32),
        }
    }
}

fn convert<const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    value: impl Fn([u8; N]) -> f32,
) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<N>();
    let little_endian = |mut element: [u8; N]| {
        if big_endian {
            element.reverse();
        }
        element
    };
    elements
        .iter()
        .map(|&element| value(little_endian(element)))
        .collect()
}
