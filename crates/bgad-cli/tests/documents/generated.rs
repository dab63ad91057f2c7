//! Pages that are generated from the program. `BGAD_WRITE_DOCS=1` writes them; without it a test fails if
//! a page is out of date.

use std::fmt::Write as _;
use std::process::Command;

use bgad::Setting;

use crate::root;

/// How to write the pages again.
const COMMAND: &str =
    "BGAD_WRITE_DOCS=1 cargo test --release --workspace --test documents generated";

/// Compares the page `docs/NAME` with `expected`, or writes it.
pub fn check(name: &str, expected: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("BGAD_WRITE_DOCS").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/{name} is out of date; run: {COMMAND}"
    );
}

/// All settings, one table per section.
pub fn settings() -> String {
    let mut page = String::from(
        "# All settings\n\n<!-- Generated from the program; see \"Generated pages\" in contributing.md. -->\n\n\
         [Settings](settings.md) explains how to set them; [Presets](presets.md) explains the presets.\n",
    );
    let mut section = None;
    for setting in Setting::all() {
        let own = setting.name.split_once('.').map_or("", |(own, _)| own);
        if section != Some(own) {
            let heading = match own {
                "" => "General",
                own => own,
            };
            write!(
                page,
                "\n## {heading}\n\n| setting | | allowed | default | paper |\n|---|---|---|---|---|\n"
            )
            .unwrap();
            section = Some(own);
        }
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        writeln!(
            page,
            "| `{}` | {} | {} | `{}` | `{}` |",
            setting.name,
            cell(&setting.help),
            cell(&setting.allowed),
            setting.default,
            setting.paper
        )
        .unwrap();
    }
    page
}

/// The help of the program and of its commands.
pub fn command_line() -> String {
    let mut page = String::from(
        "# Command line\n\n<!-- Generated from the program; see \"Generated pages\" in contributing.md. -->\n\n\
         The exit status is 0 on success, 2 on wrong usage, 130 if a run was stopped from outside, and 1\n\
         otherwise. Results go to standard output; progress, warnings and errors go to standard error.\n",
    );
    let top = help(&["--help"]);
    write!(page, "\n```text\n{top}\n```\n").unwrap();
    for command in commands(&top) {
        let text = help(&[&command, "--help"]);
        write!(page, "\n## bgad {command}\n\n```text\n{text}\n```\n").unwrap();
        for inner in commands(&text) {
            let text = help(&[&command, &inner, "--help"]);
            write!(
                page,
                "\n### bgad {command} {inner}\n\n```text\n{text}\n```\n"
            )
            .unwrap();
        }
    }
    page
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let Some((_, commands)) = help.split_once("Commands:\n") else {
        return Vec::new();
    };
    let lines = commands.split("\n\n").next().unwrap_or("").lines();
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
