//! Tests of the command line, in one program. `documents` is another, so that the documents can be
//! checked alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;
mod closed_pipe;
mod command_line;
mod data;
mod decisions;
mod devices;
mod disk;
mod hostile;
mod layouts;
mod learn;
mod lesson_masks;
mod lesson_sizes;
mod machine;
mod mask_values;
mod odd_names;
mod output_folders;
mod prediction;
mod prediction_files;
mod quantize;
mod reports;
mod resume;
#[cfg(all(unix, feature = "review"))]
mod review;
mod run_to_teach;
mod settings;
mod test_files;
mod undecided;
mod weights;

#[cfg(unix)]
#[path = "../../bgad-hub/tests/hub_server/mod.rs"]
mod hub_server;

#[cfg(all(unix, feature = "review"))]
#[path = "../../bgad-review/tests/client.rs"]
mod client;
