//! The commands in README and docs: `sh` runs each one, unchanged, on a small drawn tree with the names
//! that the documents use.
//!
//! `bgad` is this build's program behind a script that adds options for a short run; [`shell`] says which
//! commands only have their arguments parsed, and why. Commands of other programs are not run, but the
//! packages and targets in `cargo` commands must exist, and so must the options in running text.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cargo;
mod generated;
mod links;
mod markdown;
mod options;
mod paths;
mod settings;
mod shell;
mod tree;

use std::path::{Path, PathBuf};

use markdown::Document;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn documents() -> Vec<Document> {
    let documents = markdown::read_all(&root());
    let names: Vec<&str> = documents.iter().map(|d| d.name.as_str()).collect();
    assert!(
        names.contains(&"README.md") && names.contains(&"docs/data.md"),
        "{names:?}"
    );
    documents
}

#[test]
fn every_command_runs() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("template");
    tree::draw(&template);
    let commands = documents().into_iter().map(|document| {
        let place = folder.path().join(document.name.replace('/', "_"));
        tree::copy(&template, &place);
        let commands = shell::run(&document, &place);
        // All documents' trees together take more than a gigabyte.
        std::fs::remove_dir_all(&place).unwrap();
        commands
    });
    let commands: usize = commands.sum();
    assert!(
        commands >= 25,
        "only {commands} commands of bgad were found"
    );
}

#[test]
fn names_in_cargo_commands_exist() {
    let mut commands = 0;
    for document in documents() {
        for line in document
            .commands()
            .filter(|line| line.starts_with("cargo "))
        {
            cargo::check(&line, &document.name);
            commands += 1;
        }
    }
    assert!(commands >= 3, "only {commands} cargo commands were found");
}

#[test]
fn every_option_in_the_text_exists() {
    let known = options::Known::new();
    let mut options = 0;
    for document in documents() {
        for span in &document.spans {
            options += known.check(span, &document.name);
        }
    }
    assert!(options >= 30, "only {options} options were found");
}

#[test]
fn every_setting_in_the_text_exists() {
    let documents = documents();
    let spans = documents.iter().flat_map(|document| {
        let spans = document.spans.iter();
        spans.map(|span| settings::check(span, &document.name))
    });
    let settings: usize = spans.sum();
    assert!(settings >= 30, "only {settings} settings were found");
}

#[test]
fn the_table_of_presets_matches_the_program() {
    let documents = documents();
    let presets = documents.iter().find(|d| d.name == "docs/presets.md");
    settings::check_presets(&presets.unwrap().text);
}

#[test]
fn the_generated_pages_are_up_to_date() {
    generated::check("all-settings.md", &generated::settings());
    generated::check("command-line.md", &generated::command_line());
}

#[test]
fn the_book_lists_every_page() {
    let documents = documents();
    let summary = documents.iter().find(|d| d.name == "docs/SUMMARY.md");
    let summary = &summary.unwrap().text;
    for document in &documents {
        if let Some(name) = document.name.strip_prefix("docs/") {
            assert!(
                name == "SUMMARY.md" || summary.contains(&format!("]({name})")),
                "docs/SUMMARY.md does not list {name}"
            );
        }
    }
}

#[test]
fn every_link_resolves() {
    let documents = documents();
    let links = documents
        .iter()
        .map(|document| links::check(document, &root()));
    let links: usize = links.sum();
    assert!(links >= 20, "only {links} links were found");
}

#[test]
fn every_source_file_in_the_text_exists() {
    let known = paths::Known::new(&root());
    let documents = documents();
    let spans = documents.iter().flat_map(|document| {
        let spans = document.spans.iter();
        spans.map(|span| known.check(span, &document.name))
    });
    let files: usize = spans.sum();
    assert!(files >= 50, "only {files} files were found");
}

#[test]
fn a_wrong_option_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = |text: &str| {
        let document = Document::parse("wrong.md", text);
        let place = folder.path().to_owned();
        std::panic::catch_unwind(move || {
            let known = options::Known::new();
            document.spans.iter().for_each(|span| {
                known.check(span, &document.name);
                settings::check(span, &document.name);
                paths::Known::new(&root()).check(span, &document.name);
            });
            document
                .commands()
                .filter(|line| line.starts_with("cargo "))
                .for_each(|line| cargo::check(&line, &document.name));
            links::check(&document, &root());
            shell::run(&document, &place)
        })
        .is_err()
    };
    // Both if it would run and if only its arguments are parsed.
    assert!(wrong(
        "```console\nbgad data --layout mvtec --no-such 1\n```\n"
    ));
    assert!(wrong("```sh\nbgad reproduce table1 --no-such 1\n```\n"));
    assert!(wrong(
        "```sh\nbgad predict --watch in --model x --map-format gif\n```\n"
    ));
    assert!(wrong("text\n\n    bgad nothing\n"));
    assert!(wrong("```console\nls | bgad predict --no-such -\n```\n"));
    assert!(wrong("say `scoring.no_such=1`\n"));
    assert!(wrong("say `scoring.aggregation=no-such`\n"));
    assert!(wrong("say `--no-such`\n"));
    assert!(wrong("open `crates/bgad/src/no_such.rs`\n"));
    assert!(wrong("open `scoring/no_such.rs`\n"));
    assert!(wrong("open `crates/no-such`\n"));
    assert!(wrong("say `bgad predict --meta-epochs 3`\n"));
    assert!(wrong("```sh\ncargo run --example no_such\n```\n"));
    assert!(!wrong(
        "say `bgad train --meta-epochs 3`\n\n```sh\nbgad train --help\n```\n"
    ));
}
