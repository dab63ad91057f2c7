//! Your own feature extractors.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bgad_backbone::{Backbone, NamedTensor};
use burn::tensor::{Device, Tensor};
use sha2::{Digest, Sha256};

use super::backbone::Opened;
use super::built_in::is_built_in;
use super::flow_inputs::map_size;
use crate::config::checked::CheckedConfig;
use crate::error::{Error, RestoreError, Result};
use crate::storage::digest::hexadecimal;

/// Accepts a backbone for a run after checking its contract.
pub(crate) fn take(
    backbone: Arc<dyn Backbone>,
    config: &CheckedConfig,
    device: &Device,
) -> Result<Opened> {
    let name = backbone.name();
    if is_built_in(name) || name.is_empty() {
        return Err(Error::BackboneContract {
            backbone: name.to_owned(),
            found: "a built-in or empty name".to_owned(),
            expected: "another name".to_owned(),
        });
    }
    if let Some(weights) = &config.backbone.weights {
        return Err(Error::WeightsNotUsed {
            backbone: name.to_owned(),
            weights: weights.to_owned(),
        });
    }
    check_levels(&*backbone)?;
    let finer = config.input.finer_size.pixels();
    for size in [Some(config.input.size()), finer].into_iter().flatten() {
        check_maps(&*backbone, size, device)?;
    }
    let tensors = backbone.tensors();
    check_tensors(name, &tensors)?;
    let checksum = (!tensors.is_empty()).then(|| checksum(tensors));
    Ok(Opened { backbone, checksum })
}

/// Restores a backbone from the tensors in a model file.
pub(crate) fn restore(
    path: &Path,
    config: &CheckedConfig,
    expected: Option<&str>,
    tensors: Vec<NamedTensor>,
    device: &Device,
    by: impl FnOnce(Vec<NamedTensor>) -> Result<Arc<dyn Backbone>, RestoreError>,
) -> Result<Arc<dyn Backbone>> {
    let backbone = by(tensors).map_err(|source| Error::BackboneRestore {
        path: path.to_owned(),
        backbone: config.backbone.name.clone(),
        source,
    })?;
    let differs = |found: String, expected: String| Error::BackboneContract {
        backbone: config.backbone.name.clone(),
        found,
        expected: format!("{expected}, as in {}", path.display()),
    };
    if backbone.name() != config.backbone.name {
        let found = format!("backbone `{}`", backbone.name());
        return Err(differs(found, format!("`{}`", config.backbone.name)));
    }
    let strides = strides(&*backbone);
    if strides != config.backbone.strides {
        let (found, expected) = (format!("strides {strides:?}"), &config.backbone.strides);
        return Err(differs(found, format!("{expected:?}")));
    }
    let opened = take(backbone, config, device)?;
    if opened.checksum.as_deref() != expected {
        return Err(differs(
            "other weights".to_owned(),
            "those of its training".to_owned(),
        ));
    }
    Ok(opened.backbone)
}

/// The strides of a backbone's levels, finest first.
pub(crate) fn strides(backbone: &dyn Backbone) -> Vec<usize> {
    backbone.levels().iter().map(|level| level.stride).collect()
}

fn check_levels(backbone: &dyn Backbone) -> Result<()> {
    let levels = backbone.levels();
    let ascending = levels
        .windows(2)
        .all(|pair| pair[0].stride < pair[1].stride);
    let sound = levels
        .iter()
        .all(|level| level.stride > 0 && level.channels > 1);
    match !levels.is_empty() && ascending && sound {
        true => Ok(()),
        false => Err(Error::BackboneContract {
            backbone: backbone.name().to_owned(),
            found: format!("levels {levels:?}"),
            expected:
                "at least one level, in order of rising stride, each with at least 2 channels"
                    .to_owned(),
        }),
    }
}

/// Runs the backbone once, because maps of an unannounced size would be scored without an error.
fn check_maps(backbone: &dyn Backbone, image_size: u32, device: &Device) -> Result<()> {
    let size = image_size as usize;
    let pyramid = backbone.extract(Tensor::zeros([1, 3, size, size], device));
    let maps = pyramid.levels().iter();
    let found: Vec<[usize; 4]> = maps.map(|map| map.dims()).collect();
    let expected = backbone.levels().iter().map(|level| {
        let side = map_size(image_size, level.stride);
        [1, level.channels, side, side]
    });
    let expected: Vec<[usize; 4]> = expected.collect();
    match found == expected {
        true => Ok(()),
        false => Err(Error::BackboneContract {
            backbone: backbone.name().to_owned(),
            found: format!("maps of {found:?} for an image of {size} x {size} pixels"),
            expected: format!("{expected:?}, as its levels announce"),
        }),
    }
}

fn check_tensors(backbone: &str, tensors: &[NamedTensor]) -> Result<()> {
    let mut names = BTreeSet::new();
    for tensor in tensors {
        let contract = |found: String, expected: &str| Error::BackboneContract {
            backbone: backbone.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        let name = &tensor.name;
        if !names.insert(name) {
            let found = format!("two tensors `{name}`");
            return Err(contract(found, "a unique name for each"));
        }
        if tensor.shape.iter().product::<usize>() != tensor.values.len() {
            let (count, shape) = (tensor.values.len(), &tensor.shape);
            let found = format!("{count} values in tensor `{name}` of shape {shape:?}");
            return Err(contract(found, "as many as its shape needs"));
        }
    }
    Ok(())
}

/// A SHA-256 over names, shapes and values; their order does not matter.
fn checksum(mut tensors: Vec<NamedTensor>) -> String {
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let mut digest = Sha256::new();
    for tensor in tensors {
        digest.update(format!("{} {:?}\n", tensor.name, tensor.shape));
        for value in tensor.values {
            digest.update(value.to_le_bytes());
        }
    }
    hexadecimal(&digest.finalize())
}
