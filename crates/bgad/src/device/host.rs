//! The CPU among the devices: whether a tensor lies there, and its values.

use burn::tensor::{Device, Tensor};

use crate::error::{Error, Result};

/// Whether our own code on the CPU takes the place of the device's operations.
pub(crate) fn is_host(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return device.clone().inner() == Device::flex();
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// The values of a tensor, on the host.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor
        .try_into_data()
        .map_err(|error| Error::Device(error.to_string()))?;
    data.try_to_vec::<f32>()
        .map_err(|error| Error::Device(format!("{error:?}")))
}
