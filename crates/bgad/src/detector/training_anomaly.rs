//! The abnormal images that a model was trained on: an evaluation must not count them.

use bgad_data::Region;
use serde::{Deserialize, Serialize};

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
