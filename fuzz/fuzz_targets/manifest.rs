//! Reads manifests; the first byte chooses .csv or .json.
#![no_main]

use bgad::Layout;
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let name = match first % 2 {
        0 => "manifest.csv",
        _ => "manifest.json",
    };
    let path = common::file(name, bytes);
    if let Ok(dataset) = Layout::Manifest.read(&path, None) {
        let folder = common::folder();
        // Whatever a manifest says, it names nothing outside its folder.
        for sample in dataset.samples() {
            assert!(
                sample.path.starts_with(&folder),
                "{}",
                sample.path.display()
            );
        }
    }
});
