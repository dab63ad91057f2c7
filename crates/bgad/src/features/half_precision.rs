//! Vectors that wait for their batch in half of the memory.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::device::host::read;

/// An input's vectors for one flow.
#[derive(Debug, Clone)]
pub(crate) enum Vectors {
    /// As computed by the backbone, on the device.
    Device(Box<Tensor<2>>),
    /// On the host, with 16 bits per value.
    Half(Arc<HalfPrecision>),
}

/// Values of 16 bits each, `[rows, columns]`.
#[derive(Debug)]
pub(crate) struct HalfPrecision {
    pub values: Vec<f16>,
    pub shape: [usize; 2],
    device: Device,
}

impl HalfPrecision {
    pub fn new(values: Vec<f16>, shape: [usize; 2], device: &Device) -> Self {
        Self {
            values,
            shape,
            device: device.clone(),
        }
    }

    /// `None` if a value is out of the range of 16 bits or can't be read.
    fn of(vectors: &Tensor<2>) -> Option<Self> {
        let values = read(vectors.clone()).ok()?;
        let fits = |value: &f32| value.abs() <= f32::from(f16::MAX);
        values.iter().all(fits).then(|| {
            let mut half = vec![f16::ZERO; values.len()];
            half.convert_from_f32_slice(&values);
            Self::new(half, vectors.dims(), &vectors.device())
        })
    }

    fn unpack(&self) -> Tensor<2> {
        let mut values = vec![0.0; self.values.len()];
        self.values.convert_to_f32_slice(&mut values);
        Tensor::from_data(TensorData::new(values, self.shape), &self.device)
    }
}

impl Vectors {
    /// Halves the memory. Single rows are too small to matter, and values out of the range of 16 bits stay as
    /// they are.
    pub fn halved(self) -> Self {
        match self {
            Self::Device(vectors) if vectors.dims()[0] > 1 => match HalfPrecision::of(&vectors) {
                Some(half) => Self::Half(Arc::new(half)),
                None => Self::Device(vectors),
            },
            other => other,
        }
    }

    /// The vectors as a tensor on the device.
    pub fn tensor(&self) -> Tensor<2> {
        match self {
            Self::Device(vectors) => vectors.as_ref().clone(),
            Self::Half(half) => half.unpack(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::Vectors;

    fn half(values: [[f32; 2]; 2]) -> Vectors {
        let device = Device::flex();
        Vectors::Device(Box::new(Tensor::from_data(values, &device))).halved()
    }

    #[test]
    fn values_are_rounded_to_sixteen_bits_where_they_fit() {
        let vectors = half([[1.0, 0.1], [-3.0, 65504.0]]);
        assert!(matches!(vectors, Vectors::Half(_)));
        let values = vectors.tensor().into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(values, [1.0, 0.099_975_586, -3.0, 65504.0]);
        for wide in [70_000.0, f32::NAN] {
            let vectors = half([[1.0, 0.1], [-3.0, wide]]);
            let values = vectors.tensor().into_data().try_to_vec::<f32>().unwrap();
            assert_eq!(values[1], 0.1);
        }
    }
}
