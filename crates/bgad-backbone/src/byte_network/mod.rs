//! Networks whose products over channels are products of bytes.
//!
//! A position's channel `x` becomes the byte `x / step + zero`, rounded, with a step and a zero of its own;
//! weights take the steps over and become whole numbers from -127 to 127 with a scale for each output.
//! The stem, depthwise convolutions, activations, gates and shortcuts stay in single precision.

mod inputs;
mod parameters;
mod product;

pub use inputs::ProductInputs;
pub(crate) use parameters::{InBytes, Whole, is_in_bytes};
