//! Tests of `bgad-flow` that share a process. `instructions` is a program of its own, since it
//! changes the instructions that the whole process computes with.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod freia;
mod golden_flow;
mod host;

#[path = "../../../tests/goldens/reader.rs"]
mod reader;
