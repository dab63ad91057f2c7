//! Conversions between slices and Burn's tensors.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use crate::{Flow, FlowError, HostFlow, Parameter, PositionalEncoding};

impl From<Parameter> for TensorData {
    fn from(parameter: Parameter) -> Self {
        Self::new(parameter.values, parameter.shape)
    }
}

impl Parameter {
    /// Copies single-precision numbers; `None` for other elements.
    pub fn from_data(data: &TensorData) -> Option<Self> {
        Some(Self {
            shape: data.shape().to_vec(),
            values: data.as_slice::<f32>().ok()?.to_vec(),
        })
    }
}

impl HostFlow {
    /// The parameters of `flow`, copied.
    ///
    /// # Errors
    /// If they can't be read from the device as single-precision numbers.
    pub fn new(flow: &Flow) -> Result<Self, FlowError> {
        let mut parameters = BTreeMap::new();
        for (name, data) in flow.parameters() {
            let Some(parameter) = Parameter::from_data(&data) else {
                return Err(FlowError::ParameterShape {
                    name,
                    found: format!("{:?} {:?}", data.dtype(), data.shape()),
                    expected: format!("F32 {:?}", data.shape().as_slice()),
                });
            };
            parameters.insert(name, parameter);
        }
        Self::from_parameters(&flow.config(), &parameters)
    }

    /// All parameters, under the names and in the order of [`Flow::parameters`].
    pub fn parameters(&self) -> Vec<(String, TensorData)> {
        let named = self.named_parameters().into_iter();
        named
            .map(|(name, parameter)| (name, parameter.into()))
            .collect()
    }

    /// The same flow on a device.
    ///
    /// # Errors
    /// Those of [`FlowConfig::init_from`](crate::FlowConfig::init_from).
    pub fn to_flow(&self, device: &Device) -> Result<Flow, FlowError> {
        let parameters = self.parameters().into_iter().collect();
        self.config().init_from(parameters, device)
    }
}

impl PositionalEncoding {
    /// [`values`](Self::values) on a device: `[height · width, dimension]`.
    pub fn rows(&self, height: usize, width: usize, device: &Device) -> Tensor<2> {
        let values = self.values(height, width);
        let shape = [height * width, self.dimension()];
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// The same as a map: `[dimension, height, width]`.
    pub fn map(&self, height: usize, width: usize, device: &Device) -> Tensor<3> {
        self.rows(height, width, device)
            .transpose()
            .reshape([self.dimension(), height, width])
    }
}
