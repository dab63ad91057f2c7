//! Opens a backbone by name.

use std::path::Path;
use std::sync::Arc;

use bgad_backbone::{Architecture, Backbone, EfficientNet, Weights};
use burn::tensor::Device;

use super::built_in::{check_strides, filter_bank};
use crate::config::backbone::FILTER_BANK;
use crate::error::{Error, Result};
use crate::weights::published::PublishedWeights;
use crate::weights::verify::check_against_cache;

/// A backbone, and the SHA-256 of its weights file.
pub(crate) struct Opened {
    pub backbone: Arc<dyn Backbone>,
    pub checksum: Option<String>,
}

/// Opens the backbone `name` with its weights.
pub(crate) fn open(
    name: &str,
    weights: Option<&Path>,
    strides: &[usize],
    device: &Device,
) -> Result<Opened> {
    check_strides(strides)?;
    if name == FILTER_BANK {
        if let Some(path) = weights {
            return Err(Error::WeightsNotUsed {
                backbone: name.to_owned(),
                weights: path.to_owned(),
            });
        }
        return Ok(Opened {
            backbone: filter_bank(strides, device)?,
            checksum: None,
        });
    }
    let architecture: Architecture = name.parse()?;
    let path = weights.ok_or_else(|| Error::WeightsMissing {
        backbone: architecture.to_string(),
    })?;
    if let Some((_, tag)) = name.split_once('.')
        && architecture.is_otherwise_normalized(tag)
    {
        // This error explains the problem.
        name.parse::<PublishedWeights>()?;
    }
    let weights = Weights::open(path)?;
    check_against_cache(path, weights.checksum())?;
    Ok(Opened {
        backbone: Arc::new(EfficientNet::load(architecture, strides, &weights, device)?),
        checksum: Some(weights.checksum().to_owned()),
    })
}
