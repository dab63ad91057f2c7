//! The page of `bgad review`: a person looks at what a detector found, says what is right, and lets it
//! learn.
//!
//! [`Server`] answers on loopback and serves the page, which is compiled in. What it needs of a detector
//! is the trait [`Engine`]; [`Detectors`] opens models of `bgad`. Decisions go to a [`Store`](store::Store)
//! of plain files beside the run before they are answered, so that nothing is lost whenever the
//! program ends.
//!
//! ```no_run
//! # fn main() -> bgad_review::Result<()> {
//! use bgad::Device;
//! use bgad_review::{Detectors, Options, Server};
//!
//! let mut options = Options::new("run".into());
//! options.folders.push("new".into());
//! let detectors = Detectors::new("bgad".into(), Device::flex());
//! let server = Server::start(Box::new(detectors), &options)?;
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! # Ok(())
//! # }
//! ```

mod detector_engine;
mod digest;
mod encoding;
pub mod engine;
mod entry;
mod error;
mod http;
mod kept;
mod learning;
mod lesson;
mod lessons;
mod project;
mod run;
mod scoring;
mod server;
pub mod store;
mod threshold;
mod view;

pub use detector_engine::Detectors;
pub use engine::{Engine, Engines};
pub use error::{Result, ReviewError};
pub use server::{Options, Server};
