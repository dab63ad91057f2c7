//! Our tensor files: safetensors with a description and a checksum.
//!
//! The only metadata entry is JSON under the kind's key. It contains the format version, the description, and
//! a SHA-256 over the description and all tensors, which reveals damage.

use std::borrow::Cow;
use std::collections::BTreeMap;
#[cfg(feature = "train")]
use std::collections::HashMap;
#[cfg(feature = "train")]
use std::path::Path;

#[cfg(feature = "train")]
use bgad_files::Unfinished;
#[cfg(feature = "train")]
use burn::tensor::TensorData;
#[cfg(feature = "train")]
use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::digest::hexadecimal;
use super::tensor_format::{Content, Elements};
use crate::error::Error;
#[cfg(feature = "train")]
use crate::error::Result;

/// The purpose of a file.
pub(crate) struct Kind {
    /// The metadata entry's key.
    pub key: &'static str,
    /// The format version that is written and read.
    pub version: u32,
}

/// The contents of a file.
pub(crate) struct TensorFile<'a> {
    /// JSON kept as text, so that the checksum covers exactly the bytes that were read.
    pub description: String,
    pub tensors: BTreeMap<String, Stored<'a>>,
}

/// A tensor as stored in the file; large ones are not copied.
pub(crate) struct Stored<'a> {
    pub elements: Elements,
    pub shape: Vec<usize>,
    pub bytes: Cow<'a, [u8]>,
}

/// Why a file's bytes are unusable.
pub(crate) enum Damage {
    Reason(String),
    Version(u32),
}

impl From<Error> for Damage {
    fn from(error: Error) -> Self {
        Self::Reason(error.to_string())
    }
}

impl From<String> for Damage {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    format_version: u32,
    checksum: String,
    description: String,
}

impl<'a> Stored<'a> {
    #[cfg(feature = "train")]
    pub fn numbers(shape: &[usize], values: &'a [f32]) -> Self {
        let bytes = match cfg!(target_endian = "little") {
            true => Cow::Borrowed(bytemuck::cast_slice(values)),
            false => Cow::Owned(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        };
        Self {
            elements: Elements::F32,
            shape: shape.to_vec(),
            bytes,
        }
    }

    /// Stores the numbers as bytes if all of them are whole and from -127 to 127, otherwise unchanged.
    #[cfg(feature = "train")]
    pub fn compact(shape: &[usize], values: &'a [f32]) -> Self {
        let whole = |value: &f32| value.fract() == 0.0 && value.abs() <= 127.0;
        match values.iter().all(whole) {
            true => Self {
                elements: Elements::I8,
                shape: shape.to_vec(),
                bytes: Cow::Owned(values.iter().map(|value| *value as i8 as u8).collect()),
            },
            false => Self::numbers(shape, values),
        }
    }

    #[cfg(feature = "train")]
    pub fn raw(bytes: Vec<u8>) -> Self {
        Self {
            elements: Elements::U8,
            shape: vec![bytes.len()],
            bytes: Cow::Owned(bytes),
        }
    }

    /// The same tensor, owning its bytes.
    #[cfg(feature = "train")]
    pub fn into_owned(self) -> Stored<'static> {
        Stored {
            elements: self.elements,
            shape: self.shape,
            bytes: Cow::Owned(self.bytes.into_owned()),
        }
    }

    /// Single-precision numbers from a device; otherwise a description of what they are.
    #[cfg(feature = "train")]
    pub fn of(data: &'a TensorData) -> Result<Self, String> {
        let values = data.as_slice::<f32>().map_err(|e| format!("{e:?}"))?;
        Ok(Self::numbers(data.shape().as_slice(), values))
    }

    /// The numbers; `None` for bytes.
    pub fn values(&self) -> Option<Vec<f32>> {
        let value = |b: &[u8; 4]| f32::from_le_bytes(*b);
        match self.elements {
            Elements::F32 => Some(self.bytes.as_chunks::<4>().0.iter().map(value).collect()),
            Elements::I8 => Some(self.bytes.iter().map(|b| f32::from(*b as i8)).collect()),
            Elements::U8 => None,
        }
    }
}

impl<'a> TensorFile<'a> {
    fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        field(self.description.as_bytes());
        for (name, tensor) in &self.tensors {
            field(name.as_bytes());
            field(format!("{:?}", tensor.elements).as_bytes());
            let shape = tensor.shape.iter().flat_map(|n| (*n as u64).to_le_bytes());
            field(&shape.collect::<Vec<_>>());
            field(&tensor.bytes);
        }
        hexadecimal(&hash.finalize())
    }

    /// Writes the file atomically. The same contents give the same bytes; they are not assembled in memory
    /// first.
    ///
    /// # Errors
    /// [`Error::Io`] if the file can't be written, and `damaged` if the contents are invalid.
    #[cfg(feature = "train")]
    pub fn write(&self, path: &Path, kind: &Kind, damaged: impl Fn(String) -> Error) -> Result<()> {
        let header = Header {
            format_version: kind.version,
            checksum: self.checksum(),
            description: self.description.clone(),
        };
        let header = serde_json::to_string(&header).map_err(|e| damaged(e.to_string()))?;
        let views = self.tensors.iter().map(|(name, tensor)| {
            let dtype = match tensor.elements {
                Elements::F32 => Dtype::F32,
                Elements::I8 => Dtype::I8,
                Elements::U8 => Dtype::U8,
            };
            let view = TensorView::new(dtype, tensor.shape.clone(), &tensor.bytes);
            view.map(|view| (name.as_str(), view))
        });
        let views = views.collect::<Result<Vec<_>, _>>();
        let views = views.map_err(|e| damaged(e.to_string()))?;
        let metadata = HashMap::from([(kind.key.to_owned(), header)]);
        let unfinished = Unfinished::beside(path).map_err(Error::io(path))?;
        let written = safetensors::serialize_to_file(views, Some(metadata), unfinished.path());
        written.map_err(|error| match error {
            SafeTensorError::IoError(error) => Error::io(path)(error),
            error => damaged(error.to_string()),
        })?;
        unfinished.keep().map_err(Error::io(path))
    }

    /// Reads any bytes as a file; the tensors are not copied.
    pub fn from_bytes(bytes: &'a [u8], kind: &Kind) -> Result<Self, Damage> {
        let file = Content::read(bytes)
            .map_err(|e| format!("it is damaged or not a safetensors file ({e})"))?;
        let header = file.metadata.get(kind.key);
        let header = header.ok_or_else(|| {
            let key = kind.key;
            format!("a safetensors file, but without the description `{key}`")
        })?;
        let header: Header =
            serde_json::from_str(header).map_err(|e| format!("its header: {e}"))?;
        if header.format_version != kind.version {
            return Err(Damage::Version(header.format_version));
        }
        let tensors = file.tensors()?.into_iter().map(|(name, view)| {
            let stored = Stored {
                elements: view.elements,
                shape: view.shape,
                bytes: Cow::Borrowed(view.bytes),
            };
            (name, stored)
        });
        let content = Self {
            description: header.description,
            tensors: tensors.collect(),
        };
        match content.checksum() == header.checksum {
            true => Ok(content),
            false => Err("its content does not match its checksum".to_owned().into()),
        }
    }
}
