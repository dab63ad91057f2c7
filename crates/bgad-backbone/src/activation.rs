//! The non-linearities of the network families.

use crate::architecture::{Architecture, Family};

/// The family's non-linearity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Silu,
    Relu6,
}

impl Activation {
    pub fn of(architecture: Architecture) -> Self {
        match architecture.family() {
            Family::Lite => Self::Relu6,
            Family::Original | Family::V2 | Family::V2S | Family::V2M | Family::V2L => Self::Silu,
        }
    }
}
