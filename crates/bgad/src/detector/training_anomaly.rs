//! The abnormal images that a model was trained on: an evaluation must not count them.

use std::collections::BTreeMap;
use std::path::Path;

use bgad_data::{Region, Sample};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::storage::digest::{FileDigests, file_sha256, hexadecimal};

/// An abnormal training image. It is known by its content, so that it is found again wherever the
/// set lies, and is not taken for another one of the same name in another folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct TrainingAnomaly {
    /// `TYPE/NAME`, for people.
    pub name: String,
    /// The part of the file that was trained on; none for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// SHA-256 of the image's file, hexadecimal; empty for a model of an earlier version, which goes
    /// by the name.
    pub sha256: String,
}

/// As it stands in a model file; earlier versions have the name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Name(String),
    Image {
        name: String,
        #[serde(default)]
        region: Option<Region>,
        sha256: String,
    },
}

impl From<Stored> for TrainingAnomaly {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Name(name) => Self {
                name,
                region: None,
                sha256: String::new(),
            },
            Stored::Image {
                name,
                region,
                sha256,
            } => Self {
                name,
                region,
                sha256,
            },
        }
    }
}

impl TrainingAnomaly {
    /// That of `sample`.
    ///
    /// # Errors
    /// When the file can't be read.
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

/// Which of `samples` are among `known`. Of an image that can't be read it is not known; reading it
/// says so.
pub(crate) fn seen(samples: &[Sample], known: &[TrainingAnomaly]) -> Vec<bool> {
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
        // Of copies one was trained on: that of the same name, where it is there.
        let alike: Vec<usize> = alike.collect();
        let same_name = alike.iter().find(|&&i| name(&samples[i]) == known.name);
        if let Some(&one) = same_name.or(alike.first()) {
            seen[one] = true;
        }
    }
    seen
}
