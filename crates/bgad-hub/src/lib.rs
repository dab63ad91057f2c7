//! Fetches published backbone weights from the Hugging Face hub into its local cache.
//!
//! [`bgad::weights`] names the weights and finds the ones already on this machine; [`Hub`] fetches the
//! others. Connections are blocking and use `rustls`; there is no asynchronous runtime.
//!
//! ```no_run
//! use bgad::weights::{PublishedWeights, WeightsCache};
//! use bgad_hub::Hub;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let weights: PublishedWeights = "tf_efficientnet_b6".parse()?;
//! let cache = WeightsCache::from_environment()?;
//! let file = match cache.find(weights) {
//!     Some(file) => file,
//!     None => Hub::from_environment().fetch(weights, &cache, |_| {})?,
//! };
//! println!("{}", file.display());
//! # Ok(())
//! # }
//! ```

mod address;
mod error;
mod hub;
mod lock;
mod progress;
mod request;
mod store;
mod transfer;

pub use error::HubError;
pub use hub::Hub;
pub use progress::FetchProgress;
