//! The machine, and the device that holds the tensors: choosing it by name, recognising the CPU, reading
//! values. Uses `error`.

#[cfg(not(feature = "train"))]
mod cpu;
#[cfg(feature = "train")]
pub(crate) mod host;
pub(crate) mod machine;
#[cfg(feature = "train")]
pub(crate) mod memory;
#[cfg(feature = "train")]
pub(crate) mod selection;

#[cfg(feature = "train")]
pub use burn::tensor::Device;
#[cfg(not(feature = "train"))]
pub use cpu::Device;
