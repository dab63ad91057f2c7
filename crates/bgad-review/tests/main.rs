//! The server as a browser sees it, with an engine that needs no model. `bgad-cli/tests/review` and
//! `page/tests` use a real one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod decisions;
mod engine;
mod guard;
mod lessons;
mod restart;
mod uploads;
mod wall;
