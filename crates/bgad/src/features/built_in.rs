//! The backbones that can be restored from a model file alone.

use std::sync::Arc;

/// A backbone of this build: on tensors if the build has them, else on slices.
#[cfg(feature = "train")]
pub(crate) use bgad_backbone::Backbone as AnyBackbone;
#[cfg(not(feature = "train"))]
pub(crate) use bgad_backbone::HostBackbone as AnyBackbone;
use bgad_backbone::{Architecture, NamedTensor};
#[cfg(feature = "train")]
use bgad_backbone::{EfficientNet, FilterBank};
#[cfg(not(feature = "train"))]
use bgad_backbone::{HostEfficientNet, HostFilterBank};

use crate::config::backbone::FILTER_BANK;
use crate::device::Device;
use crate::error::{Error, Result};

/// Whether a built-in backbone has this name.
pub(crate) fn is_built_in(name: &str) -> bool {
    name == FILTER_BANK || name.parse::<Architecture>().is_ok()
}

/// Restores the backbone stored in a model file.
pub(crate) fn restore(
    name: &str,
    strides: &[usize],
    tensors: Vec<NamedTensor>,
    device: &Device,
) -> Result<Arc<dyn AnyBackbone>> {
    check_strides(strides)?;
    if name == FILTER_BANK {
        return filter_bank(strides, device);
    }
    let architecture: Architecture = name.parse()?;
    #[cfg(feature = "train")]
    let network = EfficientNet::from_folded(architecture, strides, tensors, device)?;
    #[cfg(not(feature = "train"))]
    let network = HostEfficientNet::from_folded(architecture, strides, tensors)?;
    Ok(Arc::new(network))
}

/// The filter bank, whose levels must have these strides.
pub(super) fn filter_bank(strides: &[usize], device: &Device) -> Result<Arc<dyn AnyBackbone>> {
    #[cfg(feature = "train")]
    let bank = FilterBank::new(device);
    #[cfg(not(feature = "train"))]
    let bank = {
        let _: &Device = device;
        HostFilterBank::new()
    };
    let own: Vec<usize> = bank.levels().iter().map(|level| level.stride).collect();
    match strides == own {
        true => Ok(Arc::new(bank)),
        false => Err(Error::setting(
            "backbone.strides",
            format!("{strides:?}"),
            format!("{own:?}, the strides of the filter bank"),
        )),
    }
}

/// Checks that strides are in order and among those that the backbones have.
pub(super) fn check_strides(strides: &[usize]) -> Result<()> {
    let sound = !strides.is_empty()
        && strides.windows(2).all(|pair| pair[0] < pair[1])
        && strides.iter().all(|stride| [4, 8, 16].contains(stride));
    match sound {
        true => Ok(()),
        false => Err(Error::setting(
            "backbone.strides",
            format!("{strides:?}"),
            "some of 4, 8 and 16, ascending, each once",
        )),
    }
}
