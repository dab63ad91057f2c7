//! Identities of the abnormal training images, which an evaluation leaves out.

use bgad_data::Region;
use serde::{Deserialize, Serialize};

/// An abnormal training image. Its content identifies it, so that it is found even if the data set moves, and
/// is not confused with an image of the same name in another folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct TrainingAnomaly {
    /// `TYPE/NAME`, for display.
    pub name: String,
    /// The part of the file that was used; `None` for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// SHA-256 of the image file in hexadecimal; empty in models of earlier versions, which identify images
    /// by name.
    pub sha256: String,
}

/// As stored in a model file; earlier versions store only the name.
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
