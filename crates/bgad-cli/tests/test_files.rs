//! Every test file belongs to a test program; otherwise it would be ignored silently.

use std::path::{Path, PathBuf};

/// The folders of integration tests, each with the manifest that lists its programs.
fn folders() -> Vec<(PathBuf, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let crates = std::fs::read_dir(root.join("crates")).unwrap();
    let crates = crates.map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = crates
        .map(|path| (path.join("tests"), path.join("Cargo.toml")))
        .filter(|(tests, _)| tests.is_dir())
        .collect();
    folders.push((root.join("tests"), root.join("crates/bgad/Cargo.toml")));
    folders
}

#[test]
fn every_test_file_is_part_of_a_program() {
    let mut files = 0;
    for (tests, manifest) in folders() {
        let manifest = std::fs::read_to_string(manifest).unwrap();
        let main = std::fs::read_to_string(tests.join("main.rs")).unwrap_or_default();
        for entry in std::fs::read_dir(&tests).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            files += 1;
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let is_module = main.lines().any(|line| line == format!("mod {name};"));
            let is_program = manifest.contains(&format!("tests/{name}.rs\""));
            let found_by_cargo = !manifest.contains("autotests = false") && !is_outside(&tests);
            assert!(
                is_module || is_program || found_by_cargo,
                "{} is in no main.rs and no Cargo.toml",
                path.display()
            );
        }
    }
    assert!(files >= 50, "only {files} files were found");
}

/// Whether Cargo does not look there by default: the tests of `bgad` are in the repository's root.
fn is_outside(tests: &Path) -> bool {
    tests.ends_with("../../tests")
}
