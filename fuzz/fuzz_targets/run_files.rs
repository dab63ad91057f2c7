//! Reads the files in a run's folder that `bgad train --resume` and `bgad report` read.
#![no_main]

use bgad::RunDirectory;
use bgad::report::Report;
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    let folder = common::folder();
    let directory = RunDirectory::at(&folder);
    let names = [
        "run.json",
        "dataset.json",
        "metrics.jsonl",
        "evaluation.json",
        "report.json",
    ];
    for name in names {
        common::file(name, bytes);
    }
    let _ = directory.description();
    let _ = directory.dataset();
    let _ = directory.history();
    let _ = Report::load(&folder);
});
