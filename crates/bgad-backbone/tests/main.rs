//! Tests of `bgad-backbone` that share a process. `instructions` is a separate program, because it changes
//! the instructions that the whole process uses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod architectures;
mod bytes;
mod common;
mod efficientnet;
mod filter_bank;
mod golden;
mod host;
mod timm;
mod weights;
mod without_burn;

#[path = "../../../tests/goldens/reader.rs"]
mod reader;
