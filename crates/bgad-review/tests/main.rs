//! The server as a browser sees it, with an engine that needs no model. The story of a real one is told
//! in `bgad-cli/tests/review.rs` and in `page/tests`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod decisions;
mod engine;
mod guard;
mod lessons;
mod restart;
mod uploads;
mod wall;
