//! Checks the names in the documents' `cargo` commands.

use std::path::PathBuf;

use crate::root;

/// Checks that a command's packages, examples, benches, tests and features exist.
pub fn check(line: &str, document: &str) {
    let mut words = line.split_whitespace().skip(1);
    let mut package = None;
    let mut named = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "--" | "#" | ">" => break,
            "-p" | "--package" => package = words.next(),
            "--example" | "--bench" | "--test" | "--bin" | "--features" => {
                named.push((word, words.next().unwrap_or_default()));
            }
            _ => {}
        }
    }
    if let Some(package) = package {
        let manifest = root().join("crates").join(package).join("Cargo.toml");
        assert!(
            manifest.is_file(),
            "{document}: no package {package}: {line}"
        );
    }
    for (kind, names) in named {
        for name in names.split(',') {
            assert!(
                exists(kind, name, package),
                "{document}: no {kind} {name}: {line}"
            );
        }
    }
}

/// Whether the package, or any package if none is given, has it.
fn exists(kind: &str, name: &str, package: Option<&str>) -> bool {
    let folders: Vec<PathBuf> = match package {
        Some(package) => vec![root().join("crates").join(package)],
        None => {
            let crates = std::fs::read_dir(root().join("crates")).unwrap();
            crates.map(|entry| entry.unwrap().path()).collect()
        }
    };
    folders.iter().any(|folder| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        if kind == "--features" {
            let features = manifest.get("features").and_then(|f| f.as_table());
            return features.is_some_and(|features| features.contains_key(name));
        }
        let kind = &kind[2..];
        let listed = manifest.get(kind).and_then(|targets| targets.as_array());
        let mut listed = listed.into_iter().flatten();
        let plural = match kind {
            "bench" => "benches".to_owned(),
            other => format!("{other}s"),
        };
        let place = folder.join(plural);
        listed.any(|target| target.get("name").and_then(|n| n.as_str()) == Some(name))
            || place.join(format!("{name}.rs")).is_file()
            || place.join(name).join("main.rs").is_file()
    })
}
