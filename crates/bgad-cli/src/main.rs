//! The `bgad` command line: train, evaluate and run visual anomaly detectors.
//!
//! Exit status: 0 on success, including when the reader of standard output goes away early; 2 on wrong usage;
//! 130 when a run is stopped from outside; 1 otherwise. A failure prints one readable message on stderr.
#![recursion_limit = "256"]

mod arguments;
#[cfg(feature = "flex")]
mod bench;
mod calibrate;
mod config_file;
mod data;
mod decisions;
mod devices;
mod evaluate;
mod failure;
mod images;
mod import;
mod inspect;
mod learn;
mod learning_progress;
mod machine;
mod model;
mod output;
mod output_file;
mod output_folder;
mod predict;
mod prediction_files;
mod prediction_lines;
mod prediction_names;
mod preview;
mod progress;
#[cfg(feature = "flex")]
mod quantize;
#[cfg(feature = "report")]
mod report;
mod reproduce;
#[cfg(feature = "review")]
mod review;
mod run_logs;
mod settings;
mod stop;
mod tensorboard;
mod train;
mod training_summary;
mod watch;
mod weights;

use std::process::ExitCode;

use clap::Parser;

/// Burn's large short-lived tensors cause page faults with the system's allocator, which returns memory at
/// once; this one keeps it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    if let Err(error) = bgad::Machine::check() {
        progress::note(&format!("error: {error}"));
        return ExitCode::FAILURE;
    }
    let result = match arguments.command {
        arguments::Command::Train(arguments) => train::run(&arguments),
        arguments::Command::Evaluate(arguments) => evaluate::run(&arguments),
        arguments::Command::Learn(arguments) => learn::run(&arguments),
        arguments::Command::Predict(arguments) => predict::run(&arguments),
        #[cfg(feature = "review")]
        arguments::Command::Review(arguments) => review::run(&arguments),
        arguments::Command::Calibrate(arguments) => calibrate::run(&arguments),
        #[cfg(feature = "flex")]
        arguments::Command::Quantize(arguments) => quantize::run(&arguments),
        arguments::Command::Import(arguments) => import::run(&arguments),
        arguments::Command::Reproduce(arguments) => reproduce::run(&arguments),
        #[cfg(feature = "report")]
        arguments::Command::Report(arguments) => report::run(&arguments),
        arguments::Command::Weights(arguments) => weights::run(&arguments),
        arguments::Command::Data(arguments) => inspect::run(&arguments),
        arguments::Command::Preview(arguments) => preview::run(&arguments),
        arguments::Command::Settings(arguments) => settings::run(&arguments),
        #[cfg(feature = "flex")]
        arguments::Command::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            progress::note(&format!("error: {failure}"));
            ExitCode::from(failure.exit_status())
        }
    }
}
