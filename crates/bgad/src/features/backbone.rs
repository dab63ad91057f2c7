//! Opening a backbone by name.

use std::path::Path;
use std::sync::Arc;

use bgad_backbone::{Architecture, Backbone, EfficientNet, FilterBank, NamedTensor, Weights};
use burn::tensor::Device;

use crate::config::backbone::FILTER_BANK;
use crate::error::{Error, Result};
use crate::weights::published::PublishedWeights;
use crate::weights::verify::check_against_cache;

/// A backbone and the SHA-256 of the weights' file that it was made of.
pub(crate) struct Opened {
    pub backbone: Arc<dyn Backbone>,
    pub checksum: Option<String>,
}

/// Opens `name` with the weights that it needs.
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
        // The error that says so.
        name.parse::<PublishedWeights>()?;
    }
    let weights = Weights::open(path)?;
    check_against_cache(path, weights.checksum())?;
    Ok(Opened {
        backbone: Arc::new(EfficientNet::load(architecture, strides, &weights, device)?),
        checksum: Some(weights.checksum().to_owned()),
    })
}

/// Restores the backbone that a model file holds.
pub(crate) fn restore(
    name: &str,
    strides: &[usize],
    tensors: Vec<NamedTensor>,
    device: &Device,
) -> Result<Arc<dyn Backbone>> {
    check_strides(strides)?;
    if name == FILTER_BANK {
        return filter_bank(strides, device);
    }
    let architecture: Architecture = name.parse()?;
    Ok(Arc::new(EfficientNet::from_folded(
        architecture,
        strides,
        tensors,
        device,
    )?))
}

fn filter_bank(strides: &[usize], device: &Device) -> Result<Arc<dyn Backbone>> {
    let bank = FilterBank::new(device);
    let own: Vec<usize> = bank.levels().iter().map(|level| level.stride).collect();
    match strides == own {
        true => Ok(Arc::new(bank)),
        false => Err(Error::setting(
            "strides",
            format!("{strides:?}"),
            format!("{own:?}, all of which the filter bank has"),
        )),
    }
}

fn check_strides(strides: &[usize]) -> Result<()> {
    let sound = !strides.is_empty()
        && strides.windows(2).all(|pair| pair[0] < pair[1])
        && strides.iter().all(|stride| [4, 8, 16].contains(stride));
    match sound {
        true => Ok(()),
        false => Err(Error::setting(
            "strides",
            format!("{strides:?}"),
            "some of 4, 8 and 16, ascending, each once",
        )),
    }
}
