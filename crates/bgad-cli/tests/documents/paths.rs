//! Files of the repository that are named in the text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folders that a path from the repository's root begins with.
const FOLDERS: [&str; 7] = [
    "crates/",
    "docs/",
    "tests/",
    "examples/",
    "benches/",
    "fuzz/",
    ".ci/",
];

/// Burn's source files, which docs/gpu.md names.
const OTHERS: [&str; 2] = ["backend/distributed/ops.rs", "server/base.rs"];

/// The repository's source files.
pub struct Known {
    root: PathBuf,
    /// Each starts with `/`, so that no name matches the end of another.
    sources: BTreeSet<String>,
}

impl Known {
    pub fn new(root: &Path) -> Self {
        let mut sources = BTreeSet::new();
        for folder in ["crates", "tests", "examples", "benches", "fuzz"] {
            collect(&root.join(folder), &format!("/{folder}"), &mut sources);
        }
        Self {
            root: root.to_owned(),
            sources,
        }
    }

    /// Checks a piece of code in the text if it is a source file, by its path or the end of it, or another
    /// path of the repository. Returns the number of paths.
    pub fn check(&self, span: &str, document: &str) -> usize {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        if !span.chars().all(plain) || OTHERS.contains(&span) {
            return 0;
        }
        let is_there = if FOLDERS.iter().any(|folder| span.starts_with(folder)) {
            self.root.join(span).exists()
        } else if span.ends_with(".rs") {
            let end = format!("/{span}");
            self.sources.iter().any(|path| path.ends_with(&end))
        } else {
            return 0;
        };
        assert!(is_there, "{document}: there is no {span}");
        1
    }
}

fn collect(folder: &Path, name: &str, sources: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            if entry.file_name() != "target" {
                collect(&entry.path(), &name, sources);
            }
        } else if name.ends_with(".rs") {
            sources.insert(name);
        }
    }
}
