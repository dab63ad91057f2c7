//! Networks whose products over channels are products of bytes.
//!
//! A position's channel `x` becomes the byte `x / step + zero`, rounded, with a step and a zero of its own;
//! weights take the steps over and become whole numbers from -127 to 127 with a scale for each output.
//! The stem, depthwise convolutions, activations, gates and shortcuts stay in single precision.

mod fitted;
mod inputs;
mod product;
mod seen;
mod source;
mod stored;

pub(crate) use fitted::in_bytes;
pub use inputs::ProductInputs;
pub(crate) use source::InBytes;
pub(crate) use stored::{Whole, is_in_bytes};
