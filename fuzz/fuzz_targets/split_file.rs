//! Reads split files and applies them.
#![no_main]

use bgad::{Dataset, Sample, SplitFile};
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(split) = SplitFile::read(&common::file("split.json", bytes)) {
        let root = common::folder();
        let mut dataset = Dataset {
            train: vec![Sample::normal(root.join("good/1.png"))],
            root,
            ..Dataset::default()
        };
        let _ = split.apply(&mut dataset);
    }
});
