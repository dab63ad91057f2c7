//! The order of the rooms of crate `bgad`, as listed in `docs/architecture.md`, and no cycle among the files
//! of any crate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod imports;
mod modules;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use imports::{Import, Sources};

const HEADING: &str = "## The rooms of crate `bgad`";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below a crate's `src` by their path there.
fn sources(folder: &Path) -> Sources {
    let mut sources = Sources::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(folder).unwrap();
                let name = name.to_str().unwrap().replace('\\', "/");
                sources.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// The rooms that a document lists, lowest first.
fn rooms(document: &str) -> Vec<String> {
    let (_, section) = document.split_once(HEADING).expect(HEADING);
    let section = section.split("\n## ").next().unwrap();
    let name = |line: &str| {
        let (number, rest) = line.split_once(". `")?;
        number.parse::<usize>().ok()?;
        Some(rest.split('`').next()?.to_owned())
    };
    section.lines().filter_map(name).collect()
}

/// A file's room: its folder, or its own name if it is beside `lib.rs`.
fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// The imports that break the order of rooms, one per line.
fn upward(sources: &Sources, rooms: &[String]) -> Vec<String> {
    let floor = |file: &str| rooms.iter().position(|listed| listed == room(file));
    let mut wrong = Vec::new();
    for Import { from, to, path } in imports::all(sources) {
        if from == "lib.rs" {
            continue;
        }
        let named = path.split("::").nth(1);
        if to == "lib.rs" || named.is_none_or(|named| rooms.iter().all(|room| room != named)) {
            wrong.push(format!("{from}: {path}: no room owns that name"));
        } else if floor(&to) > floor(&from) || floor(&to).is_none() {
            wrong.push(format!(
                "{from}: {path}: {} lies above {}",
                room(&to),
                room(&from)
            ));
        }
    }
    wrong
}

/// A cycle of files that import each other, if there is one.
fn circle(sources: &Sources) -> Option<Vec<String>> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Import { from, to, .. } in imports::all(sources) {
        edges.entry(from).or_default().insert(to);
    }
    let mut done = BTreeSet::new();
    edges
        .keys()
        .find_map(|start| search(start, &edges, &mut Vec::new(), &mut done))
}

fn search(
    file: &str,
    edges: &BTreeMap<String, BTreeSet<String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = path.iter().position(|passed| passed == file) {
        let mut found = path[start..].to_vec();
        found.push(file.to_owned());
        return Some(found);
    }
    if done.contains(file) {
        return None;
    }
    path.push(file.to_owned());
    let found = edges
        .get(file)
        .into_iter()
        .flatten()
        .find_map(|to| search(to, edges, path, done));
    path.pop();
    done.insert(file.to_owned());
    found
}

#[test]
fn no_room_imports_from_one_above_it() {
    let document = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rooms = rooms(&document);
    let sources = sources(&root().join("crates/bgad/src"));
    let there: BTreeSet<&str> = sources
        .keys()
        .map(|file| room(file))
        .filter(|r| *r != "lib")
        .collect();
    let listed: BTreeSet<&str> = rooms.iter().map(String::as_str).collect();
    assert_eq!(
        there, listed,
        "docs/architecture.md must list the rooms that there are"
    );
    let imports = imports::all(&sources).len();
    assert!(imports > 200, "only {imports} imports were found");
    let wrong = upward(&sources, &rooms);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut crates = 0;
    let mut circles = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        crates += 1;
        if let Some(circle) = circle(&sources(&folder.join("src"))) {
            circles.push(format!("{}: {}", folder.display(), circle.join(" -> ")));
        }
    }
    assert!(crates >= 9, "only {crates} crates were found");
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

/// A small crate of two rooms, `below` and `above`, that keeps to the rules.
fn example() -> (Sources, Vec<String>) {
    let files = [
        ("lib.rs", "mod above;\nmod below;\npub use below::one::One;"),
        (
            "below/mod.rs",
            "pub(crate) mod one;\nmod two;\npub(crate) use two::Two;",
        ),
        ("below/one.rs", "pub struct One;"),
        ("below/two.rs", "use super::one::One;\npub struct Two(One);"),
        ("above/mod.rs", "mod three;"),
        (
            "above/three.rs",
            "use crate::below::{Two, one::One};\n#[cfg(test)]\nmod tests { use crate::One; }\n\
             #[cfg(all(test, feature = \"x\"))]\nmod more { use crate::One; }",
        ),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    (files.into(), vec!["below".to_owned(), "above".to_owned()])
}

#[test]
fn a_broken_rule_is_noticed() {
    let (sound, rooms) = example();
    assert_eq!(upward(&sound, &rooms), Vec::<String>::new());
    assert_eq!(circle(&sound), None);
    assert_eq!(imports::all(&sound).len(), 3);
    let with = |file: &str, line: &str| {
        let mut broken = sound.clone();
        broken.get_mut(file).unwrap().push_str(line);
        broken
    };
    // Upward, by each form of import.
    for line in [
        "\nuse crate::above::three::Three;",
        "\nuse super::super::above::three::Three as T;",
        "\nuse crate::{below::Two, above::{three::*}};",
        "\nfn f() { crate::above::three::call(\"x\"); }",
    ] {
        let broken = with("below/one.rs", line);
        assert_eq!(upward(&broken, &rooms).len(), 1, "{line}");
    }
    // Not where it only looks like an import.
    for line in [
        "\n// use crate::above::three::Three;",
        "\nconst S: &str = r#\"crate::above::X\"#;",
    ] {
        let same = with("below/one.rs", line);
        assert_eq!(upward(&same, &rooms), Vec::<String>::new(), "{line}");
    }
    assert_eq!(
        upward(&with("above/three.rs", "\nuse crate::One;"), &rooms).len(),
        1
    );
    // Cycles: between siblings, through a room's `mod.rs`, and by a path in code.
    for line in [
        "\nuse super::two::Two;",
        "\nuse crate::below::Two;",
        "\nfn f() { super::two::call(); }",
        "\nmod inner { use super::super::Two; }",
    ] {
        let found = circle(&with("below/one.rs", line));
        assert_eq!(found.map(|files| files.len()), Some(3), "{line}");
    }
}
