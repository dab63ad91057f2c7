//! The network on the CPU, on plain slices.
//!
//! Maps are `[height, width, channels]`, so that 1x1 convolutions are matrix products and a depthwise
//! convolution's channels are contiguous. A block's expanded channels are many, so it computes them in strips of
//! a few dozen that stay in the cache from expansion to depthwise convolution. How work is divided depends only
//! on shapes, never on the number of threads or the batch: the same image always gives the same bits.

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
