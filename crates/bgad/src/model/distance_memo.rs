//! Stored distances to a memory bank.
//!
//! When a run is taught a defect, its normal images and so its bank stay the same, and with them the
//! distances of all images that both runs have. Each image's distances have a file, named by a SHA-256 over
//! the bank, the rows that are left out, and the vectors.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::storage::digest::hexadecimal;

/// The extension of files with distances.
pub(crate) const SUFFIX: &str = "distances";
/// Bytes of a SHA-256.
const CHECKSUM: usize = 32;

/// A folder of distances to one bank.
#[derive(Debug, Clone)]
pub(super) struct DistanceMemo {
    folder: PathBuf,
    /// A SHA-256 over the bank.
    bank: Vec<u8>,
}

impl DistanceMemo {
    /// Distances to the bank with these `values`, whether it was just trained or read from a file.
    pub fn new<'v>(folder: &Path, values: impl Iterator<Item = &'v [f32]>) -> Self {
        let mut bank = Sha256::new();
        bank.update(env!("CARGO_PKG_VERSION"));
        values.for_each(|values| bank.update(bytemuck::cast_slice::<f32, u8>(values)));
        Self {
            folder: folder.to_owned(),
            bank: bank.finalize().to_vec(),
        }
    }

    /// The distances of `vectors` to all rows except those `left_out`, from a file or else from `compute`. If
    /// the file can't be written, the next call computes them again.
    pub fn recall(
        &self,
        vectors: &[f32],
        left_out: &Range<usize>,
        compute: impl FnOnce() -> Vec<f32>,
    ) -> Vec<f32> {
        let mut all = Sha256::new();
        all.update(&self.bank);
        all.update(format!("{left_out:?}"));
        all.update(bytemuck::cast_slice::<f32, u8>(vectors));
        let name = hexadecimal(&all.finalize());
        let file = self.folder.join(format!("{name}.{SUFFIX}"));
        read(&file).unwrap_or_else(|| {
            let distances = compute();
            let content = bytemuck::cast_slice::<f32, u8>(&distances);
            let mut bytes = Sha256::digest(content).to_vec();
            bytes.extend_from_slice(content);
            let _ = bgad_files::write_replaceable(&file, &bytes);
            distances
        })
    }
}

/// The distances in a file; `None` if it is missing or damaged.
fn read(file: &Path) -> Option<Vec<f32>> {
    let bytes = std::fs::read(file).ok()?;
    let (checksum, content) = bytes.split_at_checked(CHECKSUM)?;
    if Sha256::digest(content).as_slice() != checksum {
        return None;
    }
    let (values, rest) = content.as_chunks::<4>();
    let values = values.iter().map(|bytes| f32::from_ne_bytes(*bytes));
    rest.is_empty().then(|| values.collect())
}
