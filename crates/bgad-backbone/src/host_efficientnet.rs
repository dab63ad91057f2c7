//! EfficientNet up to stride 16, on the CPU.

use std::sync::Arc;

use crate::activation::Activation;
use crate::architecture::Architecture;
use crate::backbone::{FeatureMap, HostBackbone, Level, NamedTensor, Normalization, check_images};
use crate::byte_network::{self, InBytes, ProductInputs};
use crate::collected::Collected;
use crate::error::BackboneError;
use crate::host::{HostBuilder, HostNetwork};
use crate::network::Network;

/// A frozen EfficientNet on the CPU, built only as deep as its coarsest selected level. It needs no Burn;
/// `EfficientNet`, with the feature `burn`, also runs on other devices.
///
/// A level's features are the output of the last block at its stride, as in timm with `features_only=True` and
/// `out_indices` 1, 2, 3.
#[derive(Debug, Clone)]
pub struct HostEfficientNet {
    network: Arc<Network>,
    layers: Arc<HostNetwork>,
}

impl HostEfficientNet {
    /// Builds the network from timm's weights.
    ///
    /// `strides` selects levels among 4, 8 and 16, in any order. Tensors that these levels don't need are
    /// ignored, so you can pass a whole checkpoint or a truncated one.
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
    ) -> Result<Self, BackboneError> {
        Network::load(architecture, strides, weights).map(Self::new)
    }

    /// Restores the network from the result of [`HostBackbone::tensors`]. Its features are the same, bit for bit.
    ///
    /// The tensors may be untrusted, and may include more levels than are selected.
    ///
    /// # Errors
    ///
    /// If no stride or an unknown one is selected; if a tensor is missing, occurs twice, has another shape than
    /// the architecture's, is not finite, or has a value that a byte network cannot have.
    pub fn from_folded(
        architecture: Architecture,
        strides: &[usize],
        tensors: Vec<NamedTensor>,
    ) -> Result<Self, BackboneError> {
        Network::from_folded(architecture, strides, tensors).map(Self::new)
    }

    /// A network of random weights that keep the features' variance near 1, for benches and for tests without
    /// weights.
    ///
    /// Strides other than 4, 8 and 16 are ignored; if none is left, all three are used.
    #[cfg(feature = "random")]
    pub fn random(architecture: Architecture, strides: &[usize], seed: u64) -> Self {
        Self::new(Network::random(architecture, strides, seed))
    }

    /// Changes the normalisation of the input, for weights that were not trained with the architecture's usual
    /// one ([`Architecture::normalization`]).
    #[must_use]
    pub fn with_normalization(mut self, normalization: Normalization) -> Self {
        Arc::make_mut(&mut self.network).normalization = normalization;
        self
    }

    /// The architecture.
    pub fn architecture(&self) -> Architecture {
        self.network.architecture
    }

    /// Adds to `inputs` the inputs of all products for one image `[3, height, width]`, prepared as for
    /// [`extract_on_host`](HostBackbone::extract_on_host).
    ///
    /// # Panics
    /// If the image has another length.
    pub fn observe(
        &self,
        image: &[f32],
        (height, width): (usize, usize),
        inputs: &mut ProductInputs,
    ) {
        check_images(image, height, width);
        let plan = self.network.plan();
        let mut products = plan.products().enumerate();
        self.layers.observe(image, (height, width), |wide, values| {
            if let Some((index, product)) = products.next() {
                inputs.add(index, product.inputs, wide, values);
            }
        });
    }

    /// Converts the network's products to bytes, fitted to `inputs`. The same images give the same network.
    ///
    /// Returns `None` if `inputs` is empty or the products are in bytes already.
    pub fn in_bytes(&self, inputs: &ProductInputs) -> Option<Self> {
        let network = &*self.network;
        if inputs.is_empty() || network.in_bytes {
            return None;
        }
        let parameters = byte_network::in_bytes(&network.plan(), &network.parameters, inputs);
        Some(Self::new(Network {
            parameters,
            in_bytes: true,
            ..network.clone()
        }))
    }

    /// Whether the products are in bytes.
    pub fn is_in_bytes(&self) -> bool {
        self.network.in_bytes
    }

    pub(crate) fn new(network: Network) -> Self {
        let (activation, plan) = (Activation::of(network.architecture), network.plan());
        let layers = match network.in_bytes {
            false => {
                let source = Collected(network.parameters.iter());
                HostBuilder { source, activation }.network(&plan)
            }
            true => {
                let source = InBytes::of(&network.parameters, false);
                HostBuilder { source, activation }.network(&plan)
            }
        };
        let Ok(layers) = layers;
        Self {
            network: Arc::new(network),
            layers: Arc::new(layers),
        }
    }

    #[cfg(feature = "burn")]
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }
}

impl HostBackbone for HostEfficientNet {
    fn name(&self) -> &str {
        self.network.architecture.name()
    }

    fn normalization(&self) -> Normalization {
        self.network.normalization
    }

    fn levels(&self) -> &[Level] {
        &self.network.levels
    }

    fn extract_on_host(&self, images: &[f32], height: usize, width: usize) -> Vec<FeatureMap> {
        check_images(images, height, width);
        self.layers.extract(images, height, width)
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        self.network.parameters.clone()
    }
}
