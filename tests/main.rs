//! Tests of `bgad` that share a process, one module per subject. `consistency` and `devices` are separate
//! programs, because they also run with other backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![recursion_limit = "256"]

mod aligned_images;
mod bad_input;
mod bit_depth;
mod common;
mod custom_backbone;
mod decisions;
mod discriminant;
mod end_to_end;
mod feature_store;
mod features;
mod few_images;
mod fine_textures;
mod finer_input;
mod fit;
mod golden;
mod import;
mod input_size;
mod options;
mod prediction;
mod quantization;
mod real_data;
mod report;
mod resume;
mod scoring;
mod settings;
mod training_anomalies;
mod turned_copies;
mod weights;

#[path = "goldens/reader.rs"]
mod reader;
