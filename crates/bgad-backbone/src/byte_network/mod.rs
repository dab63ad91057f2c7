//! Networks that compute their products over channels in bytes.
//!
//! Each input channel has a step and a zero point: its value `x` becomes the byte `x / step + zero`, rounded.
//! The weights are multiplied by the steps and rounded to whole numbers from -127 to 127, with a scale for
//! each output. The stem, depthwise convolutions, activations, gates and shortcuts stay in single precision.

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
