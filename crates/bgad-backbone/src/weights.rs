//! Weight files.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::backbone::NamedTensor;
use crate::checkpoint;
use crate::error::BackboneError;
use crate::table::Table;

/// Raw weights under timm's names, as f32.
///
/// Only what strides up to 16 need is kept: the stem and the first five stages.
#[derive(Debug, Clone)]
pub struct Weights {
    table: Table,
    checksum: String,
}

impl Weights {
    /// Reads a safetensors file or a PyTorch checkpoint; the content decides which, not the name.
    ///
    /// Values may be f16, bf16, f32 or f64. In a checkpoint the weights may be nested (`state_dict`, `model`, ...)
    /// and have a `module.` prefix. If it holds several sets, such as weights and their moving average, the one
    /// with the shortest path is read.
    ///
    /// The file may be untrusted: nothing in it is executed, and memory is bounded by a small multiple of its
    /// size.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is of another kind, truncated or damaged, or if a weight is not a
    /// floating-point tensor. [`EfficientNet::load`](crate::EfficientNet::load) checks whether the weights fit an
    /// architecture.
    pub fn open(path: &Path) -> Result<Self, BackboneError> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| BackboneError::Read {
            file: file.clone(),
            source,
        })?;
        let checksum = hex(&Sha256::digest(&bytes));
        let tensors = checkpoint::read(path, &file, &bytes)?;
        Ok(Self {
            table: Table::new(file, tensors)?,
            checksum,
        })
    }

    /// Reads tensors of any PyTorch checkpoint. `wanted` gets all names and returns a function that gives each
    /// wanted tensor its new name. The file may be untrusted, as in [`open`](Self::open).
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    #[doc(hidden)]
    pub fn pytorch_tensors<N: Fn(&str) -> Option<String>>(
        path: &Path,
        wanted: impl FnOnce(&[&str]) -> N,
    ) -> Result<Vec<NamedTensor>, BackboneError> {
        let file = path.display().to_string();
        let length = std::fs::metadata(path).map_err(|source| BackboneError::Read {
            file: file.clone(),
            source,
        })?;
        let length = usize::try_from(length.len()).unwrap_or(usize::MAX);
        checkpoint::pytorch_tensors(path, &file, length, wanted)
    }

    /// Takes weights from memory, under timm's names.
    ///
    /// # Errors
    ///
    /// If a tensor's values do not fill its shape, or a name occurs twice.
    pub fn from_tensors(
        tensors: impl IntoIterator<Item = NamedTensor>,
    ) -> Result<Self, BackboneError> {
        let table = Table::new("weights in memory".to_owned(), tensors)?;
        let mut hasher = Sha256::new();
        for (name, shape, values) in table.iter() {
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name);
            hasher.update((shape.len() as u64).to_le_bytes());
            shape
                .iter()
                .for_each(|&extent| hasher.update((extent as u64).to_le_bytes()));
            values
                .iter()
                .for_each(|value| hasher.update(value.to_le_bytes()));
        }
        Ok(Self {
            table,
            checksum: hex(&hasher.finalize()),
        })
    }

    /// SHA-256 in hexadecimal of the file, or of names, shapes and values if the weights come from memory.
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
