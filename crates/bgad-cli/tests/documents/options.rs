//! Options named in the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Options of cargo, rustup and other programs that are named in the documents.
const OF_OTHERS: [&str; 5] = [
    "--version",
    "--features",
    "--no-default-features",
    "--release",
    "--target",
];

/// The options of each subcommand.
pub struct Known(BTreeMap<String, BTreeSet<String>>);

impl Known {
    pub fn new() -> Self {
        let options = commands(&help(&["--help"])).into_iter().map(|name| {
            let text = help(&[&name, "--help"]);
            let mut all: BTreeSet<String> = options(&text).collect();
            // These have their own subcommands.
            for inner in commands(&text) {
                all.extend(options(&help(&[&name, &inner, "--help"])));
            }
            (name, all)
        });
        Self(options.collect())
    }

    /// Checks a piece of code in running text; returns the number of options in it.
    pub fn check(&self, span: &str, document: &str) -> usize {
        let command = span
            .strip_prefix("bgad ")
            .and_then(|rest| rest.split(' ').next())
            .filter(|word| !word.starts_with('-'));
        if let Some(command) = command {
            assert!(
                self.0.contains_key(command),
                "{document}: no `bgad {command}`: `{span}`"
            );
        }
        if span.starts_with("cargo ") {
            return 0;
        }
        let mut count = 0;
        for option in options(span).filter(|option| !OF_OTHERS.contains(&option.as_str())) {
            let mut places = self.0.iter();
            let exists = places.any(|(name, options)| {
                command.is_none_or(|command| command == name) && options.contains(&option)
            });
            assert!(exists, "{document}: no option {option}: `{span}`");
            count += 1;
        }
        count
    }
}

/// The names under the heading for commands; empty without such a heading.
fn commands(help: &str) -> Vec<String> {
    let Some((_, commands)) = help.split_once("Commands:\n") else {
        return Vec::new();
    };
    let lines = commands.split("\n\n").next().unwrap_or("").lines();
    let names = lines.filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Words that begin with two hyphens and a letter.
fn options(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split(move |c| !is_part(c))
        .filter(|word| word.len() > 3 && word.starts_with("--") && !word.starts_with("---"))
        .map(str::to_owned)
}
