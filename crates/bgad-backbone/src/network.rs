//! An EfficientNet's description and parameters, for host and device.

use crate::architecture::Architecture;
use crate::backbone::{Level, NamedTensor, Normalization};
#[cfg(feature = "burn")]
use crate::byte_network::InBytes;
use crate::byte_network::{Whole, is_in_bytes};
use crate::error::BackboneError;
use crate::folded::Folded;
use crate::plan::{ParameterSource, Plan};
use crate::table::Table;

#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub architecture: Architecture,
    pub normalization: Normalization,
    pub levels: Vec<Level>,
    /// Folded parameters on the host, for saving. They are exact, whatever the device rounds to.
    pub parameters: Vec<NamedTensor>,
    /// Whether the products are in bytes, so that weights are whole numbers.
    pub in_bytes: bool,
}

impl Network {
    /// Reads timm's weights.
    #[cfg(feature = "weights")]
    pub fn load(
        architecture: Architecture,
        strides: &[usize],
        weights: &crate::weights::Weights,
    ) -> Result<Self, BackboneError> {
        let plan = Plan::new(architecture, strides)?;
        let source = crate::fold::Raw {
            table: weights.table(),
            architecture,
        };
        Self::of(architecture, &plan, source)
    }

    /// Restores the result of [`HostBackbone::tensors`](crate::HostBackbone::tensors).
    pub fn from_folded(
        architecture: Architecture,
        strides: &[usize],
        tensors: Vec<NamedTensor>,
    ) -> Result<Self, BackboneError> {
        let plan = Plan::new(architecture, strides)?;
        let table = Table::new("the stored backbone".to_owned(), tensors)?;
        if is_in_bytes(&plan, &table) {
            let whole = Whole {
                table: &table,
                architecture,
            };
            let parameters = whole.collect(&plan)?;
            return Ok(Self::with(architecture, &plan, parameters, true));
        }
        let source = Folded {
            table: &table,
            architecture,
        };
        Self::of(architecture, &plan, source)
    }

    /// Draws weights from a seed.
    #[cfg(feature = "random")]
    pub fn random(architecture: Architecture, strides: &[usize], seed: u64) -> Self {
        let plan = Plan::new(architecture, strides);
        let plan = plan.unwrap_or_else(|_| Plan::build(architecture, &[4, 8, 16]));
        let activation = crate::activation::Activation::of(architecture);
        let source = crate::random::Seeded::new(seed, activation);
        let Ok(network) = Self::of(architecture, &plan, source);
        network
    }

    fn of<S: ParameterSource>(
        architecture: Architecture,
        plan: &Plan,
        mut source: S,
    ) -> Result<Self, S::Error> {
        let parameters = plan.collect(&mut source)?;
        Ok(Self::with(architecture, plan, parameters, false))
    }

    fn with(
        architecture: Architecture,
        plan: &Plan,
        parameters: Vec<NamedTensor>,
        in_bytes: bool,
    ) -> Self {
        Self {
            architecture,
            normalization: architecture.normalization(),
            levels: plan.taps.iter().map(|&(_, level)| level).collect(),
            parameters,
            in_bytes,
        }
    }

    /// The same network in single precision, for devices other than the CPU.
    #[cfg(feature = "burn")]
    pub fn in_single(&self) -> Self {
        if !self.in_bytes {
            return self.clone();
        }
        let Ok(parameters) = self
            .plan()
            .collect(&mut InBytes::of(&self.parameters, true));
        Self {
            parameters,
            in_bytes: false,
            ..self.clone()
        }
    }

    /// The plan that collected its parameters.
    pub fn plan(&self) -> Plan {
        let strides: Vec<usize> = self.levels.iter().map(|level| level.stride).collect();
        Plan::build(self.architecture, &strides)
    }
}
