//! A backbone without weights: rectified responses of oriented linear filters.

use burn::tensor::{Device, Tensor};

use crate::backbone::{HostBackbone, Level, NamedTensor, Normalization};
use crate::filter_channels::{LEVELS, NAME, NORMALIZATION};
use crate::host_filter_bank::HostFilterBank;
use crate::tensor_filter_bank::TensorFilterBank;
use crate::tensors::{Backbone, FeaturePyramid, extract_through_host, is_host};

/// The filter bank on any device: [`HostFilterBank`] on the CPU, Burn's operations elsewhere.
#[derive(Debug, Clone)]
pub struct FilterBank {
    computed: Computed,
    device: Device,
}

#[derive(Debug, Clone)]
enum Computed {
    Host(HostFilterBank),
    Tensors(Box<TensorFilterBank>),
}

impl FilterBank {
    /// Creates the filter bank on `device`, without gradients even if the device tracks them.
    pub fn new(device: &Device) -> Self {
        let device = device.clone().inner();
        let computed = match is_host(&device) {
            true => Computed::Host(HostFilterBank::new()),
            false => Computed::Tensors(Box::new(TensorFilterBank::new(&device))),
        };
        Self { computed, device }
    }

    /// The same filter bank, computed by Burn's operations even on the CPU. Use it to compare the two versions.
    #[must_use]
    pub fn with_tensor_layers(self) -> Self {
        let computed = Computed::Tensors(Box::new(TensorFilterBank::new(&self.device)));
        Self { computed, ..self }
    }
}

impl Backbone for FilterBank {
    fn name(&self) -> &str {
        NAME
    }

    fn normalization(&self) -> Normalization {
        NORMALIZATION
    }

    fn levels(&self) -> &[Level] {
        &LEVELS
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let images = images.inner();
        match &self.computed {
            Computed::Host(host) => extract_through_host(host, images),
            Computed::Tensors(layers) => layers.extract(images),
        }
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        Vec::new()
    }

    fn on_host(&self) -> Option<&dyn HostBackbone> {
        match &self.computed {
            Computed::Host(host) => Some(host),
            Computed::Tensors(_) => None,
        }
    }
}
