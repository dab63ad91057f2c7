//! The CPU among the devices: whether a tensor lies there, and its values.

pub(crate) use bgad_backbone::is_host;
use burn::tensor::Tensor;

use crate::error::{Error, Result};

/// The values of a tensor, on the host.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor
        .try_into_data()
        .map_err(|error| Error::Device(error.to_string()))?;
    data.try_to_vec::<f32>()
        .map_err(|error| Error::Device(format!("{error:?}")))
}
