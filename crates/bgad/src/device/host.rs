//! Whether a device is the CPU, and reading tensors from devices.

pub(crate) use bgad_backbone::is_host;
use burn::tensor::Tensor;

use crate::error::{Error, Result};

/// Copies a tensor's values to the host.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor
        .try_into_data()
        .map_err(|error| Error::Device(error.to_string()))?;
    data.try_to_vec::<f32>()
        .map_err(|error| Error::Device(format!("{error:?}")))
}
