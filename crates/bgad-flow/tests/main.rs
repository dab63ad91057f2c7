//! Tests of `bgad-flow` that share a process. `instructions` is a separate program, because it changes the
//! instructions that the whole process uses.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod freia;
mod golden_flow;
mod host;
mod rotation;
mod without_burn;

#[path = "../../../tests/goldens/reader.rs"]
mod reader;
