//! EfficientNet up to stride 16.

use burn::tensor::{Device, Tensor};

use crate::architecture::Architecture;
use crate::backbone::{Backbone, FeaturePyramid, Level, NamedTensor, Normalization};
use crate::blocks::Activation;
use crate::error::BackboneError;
use crate::fold::{Folded, Raw};
use crate::layers::Layers;
use crate::plan::{ParameterSource, Plan};
use crate::random::Seeded;
use crate::table::Table;
use crate::weights::Weights;

/// A frozen EfficientNet, built only as deep as its coarsest selected level.
///
/// A level's features are the output of the last block at its stride, what timm gives with
/// `features_only=True` and `out_indices` 1, 2, 3.
#[derive(Debug, Clone)]
pub struct EfficientNet {
    architecture: Architecture,
    normalization: Normalization,
    levels: Vec<Level>,
    layers: Layers,
    device: Device,
    /// Folded parameters on the host, kept for saving: exact whatever the device.
    parameters: Vec<NamedTensor>,
}

impl EfficientNet {
    /// Builds the network from timm's weights.
    ///
    /// `strides` selects levels among 4, 8 and 16, in any order. Tensors of the file that are not
    /// needed are ignored, so that a whole checkpoint serves as well as a truncated one. The weights
    /// lie on `device` as plain tensors, without gradients even where the device tracks them.
    ///
    /// # Errors
    ///
    /// When no stride or an unknown one is selected; when a tensor is missing, has another shape
    /// than the architecture's, is not finite, or is a negative variance.
    pub fn load(
        architecture: Architecture,
        strides: &[usize],
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, BackboneError> {
        let plan = Plan::new(architecture, strides)?;
        let source = Raw {
            table: weights.table(),
            architecture,
        };
        Self::build(architecture, &plan, source, device)
    }

    /// Restores the network from what [`Backbone::tensors`] gave; its features are bit-equal.
    ///
    /// The tensors may come from an untrusted file, and may be of more levels than are selected.
    ///
    /// # Errors
    ///
    /// When no stride or an unknown one is selected; when a tensor is missing, occurs twice, has
    /// another shape than the architecture's, or is not finite.
    pub fn from_folded(
        architecture: Architecture,
        strides: &[usize],
        tensors: Vec<NamedTensor>,
        device: &Device,
    ) -> Result<Self, BackboneError> {
        let plan = Plan::new(architecture, strides)?;
        let table = Table::new("the stored backbone".to_owned(), tensors)?;
        let source = Folded {
            table: &table,
            architecture,
        };
        Self::build(architecture, &plan, source, device)
    }

    /// A network of random weights that keep the features' variance near 1: for benches, and for
    /// tests that have no weights.
    ///
    /// The same seed gives the same weights on every device. Strides other than 4, 8 and 16 are
    /// ignored; where none is left, all three are taken.
    pub fn random(
        architecture: Architecture,
        strides: &[usize],
        seed: u64,
        device: &Device,
    ) -> Self {
        let plan = Plan::new(architecture, strides);
        let plan = plan.unwrap_or_else(|_| Plan::build(architecture, &[4, 8, 16]));
        let source = Seeded::new(seed, Activation::of(architecture));
        let Ok(network) = Self::build(architecture, &plan, source, device);
        network
    }

    /// The same network with another normalisation of its input: for weights that were not trained
    /// with the architecture's usual one ([`Architecture::normalization`]).
    #[must_use]
    pub fn with_normalization(self, normalization: Normalization) -> Self {
        Self {
            normalization,
            ..self
        }
    }

    /// The architecture.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The same network, computed by Burn's operations on the CPU as well, where it otherwise has
    /// its own: slower, and there to compare the two, which agree but for rounding.
    #[must_use]
    pub fn with_tensor_layers(self) -> Self {
        let strides: Vec<usize> = self.levels.iter().map(|level| level.stride).collect();
        let plan = Plan::build(self.architecture, &strides);
        let layers = Layers::on_tensors(self.architecture, &plan, &self.parameters, &self.device);
        Self { layers, ..self }
    }

    fn build<S: ParameterSource>(
        architecture: Architecture,
        plan: &Plan,
        mut source: S,
        device: &Device,
    ) -> Result<Self, S::Error> {
        let parameters = plan.collect(&mut source)?;
        // Frozen: nothing here may enter a gradient graph.
        let device = device.clone().inner();
        Ok(Self {
            architecture,
            normalization: architecture.normalization(),
            levels: plan.taps.iter().map(|&(_, level)| level).collect(),
            layers: Layers::new(architecture, plan, &parameters, &device),
            device,
            parameters,
        })
    }
}

impl Backbone for EfficientNet {
    fn name(&self) -> &str {
        self.architecture.name()
    }

    fn normalization(&self) -> Normalization {
        self.normalization
    }

    fn levels(&self) -> &[Level] {
        &self.levels
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        self.layers.extract(images.inner())
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        self.parameters.clone()
    }
}
