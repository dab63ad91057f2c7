//! The machine, and the device that tensors lie on: chosen by name, told from the CPU, read from. Uses
//! `error`.

#[cfg(not(feature = "train"))]
mod cpu;
#[cfg(feature = "train")]
pub(crate) mod host;
pub(crate) mod machine;
#[cfg(feature = "train")]
pub(crate) mod selection;

#[cfg(feature = "train")]
pub use burn::tensor::Device;
#[cfg(not(feature = "train"))]
pub use cpu::Device;
