//! What tells one set of training images from another.

use std::collections::BTreeMap;
use std::path::Path;

use bgad_data::{MaskFiles, Sample};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::storage::digest::hexadecimal;

/// A SHA-256 over the content of all images and masks of `samples`, in their order; their names
/// don't count.
pub(crate) fn of<'s>(samples: impl Iterator<Item = &'s Sample> + Clone) -> Result<String> {
    let mut files: BTreeMap<&Path, Vec<u8>> = BTreeMap::new();
    for sample in samples.clone() {
        files.insert(&sample.path, Vec::new());
        let masks = sample.mask.iter().flat_map(MaskFiles::paths);
        files.extend(masks.map(|path| (path, Vec::new())));
    }
    files.par_iter_mut().try_for_each(|(path, digest)| {
        let bytes = std::fs::read(path).map_err(Error::io(path))?;
        *digest = Sha256::digest(bytes).to_vec();
        Ok::<_, Error>(())
    })?;
    let mut all = Sha256::new();
    for sample in samples {
        let masks = sample.mask.iter().flat_map(MaskFiles::paths);
        for path in std::iter::once(sample.path.as_path()).chain(masks) {
            all.update(&files[path]);
        }
        let region = sample.region.map(|region| region.to_string());
        let label = sample.label.is_abnormal();
        all.update(format!("{region:?} {label}\n"));
    }
    Ok(hexadecimal(&all.finalize()))
}
