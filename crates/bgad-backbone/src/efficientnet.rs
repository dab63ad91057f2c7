//! EfficientNet up to stride 16, on any device.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use crate::architecture::Architecture;
use crate::backbone::{HostBackbone, Level, NamedTensor, Normalization};
use crate::error::BackboneError;
use crate::host_efficientnet::HostEfficientNet;
use crate::layers::TensorLayers;
use crate::network::Network;
use crate::tensors::{Backbone, FeaturePyramid, extract_through_host, is_host};

/// A frozen EfficientNet, built only as deep as its coarsest selected level.
///
/// A level's features are the output of the last block at its stride, as in timm with `features_only=True` and
/// `out_indices` 1, 2, 3.
#[derive(Debug, Clone)]
pub struct EfficientNet {
    computed: Computed,
    device: Device,
}

#[derive(Debug, Clone)]
enum Computed {
    /// Our own loops on the CPU.
    Host(HostEfficientNet),
    /// Burn's operations on any device.
    Tensors(Arc<Network>, Box<TensorLayers>),
}

impl EfficientNet {
    /// Builds the network from timm's weights.
    ///
    /// `strides` selects levels among 4, 8 and 16, in any order. Tensors that these levels don't need are
    /// ignored, so you can pass a whole checkpoint or a truncated one. The weights carry no gradients, even if
    /// `device` tracks them.
    ///
    /// # Errors
    ///
    /// If no stride or an unknown one is selected; if a tensor is missing, has another shape than the
    /// architecture's, is not finite, or is a negative variance.
    #[cfg(feature = "weights")]
    pub fn load(
        architecture: Architecture,
        strides: &[usize],
        weights: &crate::Weights,
        device: &Device,
    ) -> Result<Self, BackboneError> {
        let network = Network::load(architecture, strides, weights)?;
        Ok(Self::new(network, device))
    }

    /// Restores the network from the result of [`Backbone::tensors`]. Its features are the same, bit for bit.
    ///
    /// The tensors may be untrusted, and may include more levels than are selected.
    ///
    /// # Errors
    ///
    /// If no stride or an unknown one is selected; if a tensor is missing, occurs twice, has another shape
    /// than the architecture's, or is not finite.
    pub fn from_folded(
        architecture: Architecture,
        strides: &[usize],
        tensors: Vec<NamedTensor>,
        device: &Device,
    ) -> Result<Self, BackboneError> {
        let network = Network::from_folded(architecture, strides, tensors)?;
        Ok(Self::new(network, device))
    }

    /// A network of random weights that keep the features' variance near 1, for benches and for tests without
    /// weights.
    ///
    /// The same seed gives the same weights on every device. Strides other than 4, 8 and 16 are ignored; if
    /// none is left, all three are used.
    #[cfg(feature = "random")]
    pub fn random(
        architecture: Architecture,
        strides: &[usize],
        seed: u64,
        device: &Device,
    ) -> Self {
        Self::new(Network::random(architecture, strides, seed), device)
    }

    /// Changes the normalisation of the input, for weights that were not trained with the architecture's
    /// usual one ([`Architecture::normalization`]).
    #[must_use]
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        let computed = match self.computed {
            Computed::Host(host) => Computed::Host(host.with_normalization(normalization)),
            Computed::Tensors(mut network, layers) => {
                Arc::make_mut(&mut network).normalization = normalization;
                Computed::Tensors(network, layers)
            }
        };
        Self { computed, ..self }
    }

    /// The architecture.
    pub fn architecture(&self) -> Architecture {
        self.network().architecture
    }

    /// The same network, computed by Burn's operations even on the CPU. Use it to compare the two versions,
    /// which agree up to rounding; it is slower.
    #[must_use]
    pub fn with_tensor_layers(self) -> Self {
        let network = self.network().clone();
        let layers = TensorLayers::new(&network.in_single(), &self.device);
        Self {
            computed: Computed::Tensors(Arc::new(network), Box::new(layers)),
            ..self
        }
    }

    fn new(network: Network, device: &Device) -> Self {
        // The network is frozen, so nothing here may enter a gradient graph.
        let device = device.clone().inner();
        let computed = if is_host(&device) {
            Computed::Host(HostEfficientNet::new(network))
        } else {
            let layers = TensorLayers::new(&network.in_single(), &device);
            Computed::Tensors(Arc::new(network), Box::new(layers))
        };
        Self { computed, device }
    }

    fn network(&self) -> &Network {
        match &self.computed {
            Computed::Host(host) => host.network(),
            Computed::Tensors(network, _) => network,
        }
    }
}

impl Backbone for EfficientNet {
    fn name(&self) -> &str {
        self.network().architecture.name()
    }

    fn normalization(&self) -> Normalization {
        self.network().normalization
    }

    fn levels(&self) -> &[Level] {
        &self.network().levels
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let images = images.inner();
        match &self.computed {
            Computed::Host(host) => extract_through_host(host, images),
            Computed::Tensors(_, layers) => layers.extract(images),
        }
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        self.network().parameters.clone()
    }

    fn on_host(&self) -> Option<&dyn HostBackbone> {
        match &self.computed {
            Computed::Host(host) => Some(host),
            Computed::Tensors(..) => None,
        }
    }
}
