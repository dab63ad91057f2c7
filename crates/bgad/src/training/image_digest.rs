//! Identifies a set of training images.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bgad_data::{MaskFiles, Sample};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::storage::digest::hexadecimal;
use crate::storage::file_digest::FileDigests;

/// A SHA-256 over the contents of all images and masks of `samples`, in order; names don't count.
pub(crate) fn of<'s>(
    samples: impl Iterator<Item = &'s Sample> + Clone,
    digests: &FileDigests,
) -> Result<String> {
    let files_of = |sample: &Sample| {
        let masks = sample.mask.iter().flat_map(MaskFiles::on_disk);
        let files = std::iter::once(sample.path.clone()).chain(masks);
        files.collect::<Vec<PathBuf>>()
    };
    let files: BTreeSet<PathBuf> = samples.clone().flat_map(files_of).collect();
    // Computes the digests on all cores; below they are only looked up.
    files
        .par_iter()
        .try_for_each(|path| digests.of(path).map(drop))?;
    let mut all = Sha256::new();
    for sample in samples {
        for path in files_of(sample) {
            all.update(digests.of(&path)?);
        }
        let region = sample.region.map(|region| region.to_string());
        let label = sample.label.is_abnormal();
        let (reading, masks) = (sample.reading(), &sample.mask_values);
        all.update(format!("{region:?} {label} {reading:?} {masks}\n"));
    }
    Ok(hexadecimal(&all.finalize()))
}
