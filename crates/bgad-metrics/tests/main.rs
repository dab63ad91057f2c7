//! Tests of `bgad-metrics`, in one program.
#![allow(missing_docs, clippy::unwrap_used)]

mod against_brute_force;
mod aupimo;
mod brute_force;
mod curves;
mod errors;
mod golden;
mod properties;
mod streaming;
mod uncertainty;

#[path = "../../../tests/goldens/reader.rs"]
mod reader;
