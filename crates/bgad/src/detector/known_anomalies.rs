//! Finds the images of a set that a model was trained on as abnormal ones.

use std::collections::BTreeMap;
use std::path::Path;

use bgad_data::Sample;
use rayon::prelude::*;

use super::training_anomaly::TrainingAnomaly;
use crate::error::Result;
use crate::storage::digest::hexadecimal;
use crate::storage::file_digest::{FileDigests, file_sha256};

impl TrainingAnomaly {
    /// Identifies `sample`.
    ///
    /// # Errors
    /// If the file can't be read.
    pub(crate) fn of(sample: &Sample, digests: &FileDigests) -> Result<Self> {
        Ok(Self {
            name: name(sample),
            region: sample.region,
            sha256: hexadecimal(&digests.of(&sample.path)?),
        })
    }
}

fn name(sample: &Sample) -> String {
    format!("{}/{}", sample.defect_type, sample.name())
}

/// Leaves out the samples that are among `known`, with a warning.
pub(crate) fn leave_out(
    mut samples: Vec<Sample>,
    known: &[TrainingAnomaly],
    warnings: &mut Vec<String>,
) -> Vec<Sample> {
    let mut seen = seen(&samples, known).into_iter();
    let all = samples.len();
    samples.retain(|_| seen.next() != Some(true));
    if samples.len() < all {
        warnings.push(format!(
            "test images left out because the model was trained on them: {} of {all}",
            all - samples.len()
        ));
    }
    samples
}

/// Which of `samples` are among `known`. An image that can't be read counts as unknown; reading it later
/// reports the error.
fn seen(samples: &[Sample], known: &[TrainingAnomaly]) -> Vec<bool> {
    if known.is_empty() {
        return vec![false; samples.len()];
    }
    let abnormal = samples.iter().filter(|sample| sample.label.is_abnormal());
    let files = abnormal.map(|sample| (sample.path.as_path(), None));
    let mut digests: BTreeMap<&Path, Option<String>> = files.collect();
    digests
        .par_iter_mut()
        .for_each(|(path, digest)| *digest = file_sha256(path).ok());
    let mut seen = vec![false; samples.len()];
    for known in known {
        if known.sha256.is_empty() {
            for (seen, sample) in seen.iter_mut().zip(samples) {
                *seen |= sample.label.is_abnormal() && known.name == name(sample);
            }
            continue;
        }
        let alike = |sample: &Sample| {
            let digest = digests.get(sample.path.as_path());
            let digest = digest.and_then(Option::as_ref);
            sample.label.is_abnormal()
                && digest == Some(&known.sha256)
                && known.region == sample.region
        };
        let alike = (0..samples.len()).filter(|&i| !seen[i] && alike(&samples[i]));
        // Of several copies, the one with the training image's name counts, if there is one.
        let alike: Vec<usize> = alike.collect();
        let same_name = alike.iter().find(|&&i| name(&samples[i]) == known.name);
        if let Some(&one) = same_name.or(alike.first()) {
            seen[one] = true;
        }
    }
    seen
}
