//! The device that tensors lie on: chosen by name, told from the CPU, read from. Uses `error`.

pub(crate) mod host;
pub(crate) mod selection;
