//! The page of `bgad review`: a person looks at a detector's results, corrects them, and lets it learn.
//!
//! [`Server`] listens on loopback and serves the page, which is compiled in. It uses a detector through the
//! trait [`Engine`]; [`Detectors`] opens `bgad` models. Decisions are written to a [`Store`](store::Store) of
//! plain files beside the run before they are confirmed, so that nothing is lost if the program is killed.
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
