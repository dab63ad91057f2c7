//! Tests of `bgad-data` that share a process. `instructions` is a program of its own, since it
//! changes the instructions that the whole process computes with.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bit_depth;
mod common;
mod cutpaste;
mod cutpaste_options;
mod files;
mod foregrounds;
mod formats;
mod goldens;
mod inspection;
mod kinds_jpeg;
mod kinds_other;
mod kinds_tiff;
mod layout_coco;
mod layout_folder;
mod layout_industrial;
mod layout_manifest;
mod layout_medical;
mod layout_mvtec;
mod layout_published;
mod mask_labels;
mod mask_pairs;
mod masks;
mod mutation;
mod named_folders;
mod names;
mod odd_masks;
mod odd_tables;
mod preview;
mod real_data;
mod recognition;
mod results_folders;
mod selection;
mod splits;
mod strangers;
mod synthetic;
mod turn;

#[path = "common/encode.rs"]
mod encode;

#[path = "common/tiff.rs"]
mod tiff;

#[path = "../../../tests/goldens/reader.rs"]
mod reader;
