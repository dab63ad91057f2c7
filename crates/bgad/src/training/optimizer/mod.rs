//! Optimizer steps: by our own code on the CPU, by Burn on any device.

pub(crate) mod burn;
pub(crate) mod host;
