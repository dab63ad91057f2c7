//! The network on the CPU, on plain slices.
//!
//! Maps lie as `[height, width, channels]`, so that 1x1 convolutions are matrix products and a
//! depthwise convolution's channels are contiguous. What is large, a block's expanded channels, is
//! computed in strips of a few dozen channels that stay in the cache from the expansion through the
//! depthwise convolution. How work is cut depends on shapes alone, never on the number of threads or
//! the batch: the same image always gives the same bits.

mod builder;
mod convolution;
mod dense;
mod depthwise;
mod gate;
mod inverted;
mod layer;
mod map;
mod network;
mod tasks;

pub(crate) use builder::HostBuilder;
pub(crate) use network::HostNetwork;
