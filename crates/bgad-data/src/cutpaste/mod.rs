//! CutPaste with random augmentation: new abnormal samples from a few real ones (arXiv 2207.01463, section
//! 3.4).

#[cfg(feature = "datasets")]
mod operation;
#[cfg(feature = "datasets")]
mod paste;
#[cfg(feature = "datasets")]
mod region;
mod settings;

#[cfg(feature = "datasets")]
pub use paste::PastedSample;
pub use settings::CutPaste;
