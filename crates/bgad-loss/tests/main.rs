//! Tests of `bgad-loss`, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod golden_losses;
mod objective;

#[path = "../../../tests/goldens/reader.rs"]
mod reader;
