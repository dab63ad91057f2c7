//! Settings named in the documents.

use std::collections::BTreeSet;

use bgad::{Setting, TrainerConfig};

/// Checks a piece of code in running text that is a setting, alone or as `NAME=VALUE`; returns 1 if it is.
pub fn check(span: &str, document: &str) -> usize {
    let span = span.strip_prefix("--set ").unwrap_or(span);
    let (name, value) = match span.split_once('=') {
        // Text with spaces and quotes is a line of TOML.
        Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
        None => (span, None),
    };
    // As `backbone.NAME` in a model file.
    let stands_for_any = |field: &str| field.starts_with(|c: char| c.is_uppercase());
    let is_file = |ending: &str| ["rs", "toml", "json", "bgad", "png"].contains(&ending);
    let known = Setting::all();
    let of_section = name.split_once('.').is_some_and(|(section, field)| {
        let mut sections = known
            .iter()
            .filter_map(|setting| setting.name.split_once('.'));
        !is_file(field) && !stands_for_any(field) && sections.any(|(known, _)| known == section)
    });
    if !of_section {
        return 0;
    }
    assert!(
        known.iter().any(|setting| setting.name == name),
        "{document}: no setting {name}: `{span}`"
    );
    // A value in capitals stands for any.
    let value = value.filter(|value| !value.ends_with(|c: char| c.is_uppercase()));
    if let Some(Err(error)) = value.map(|value| TrainerConfig::default().set(name, value)) {
        panic!("{document}: {error}: `{span}`");
    }
    1
}

/// Checks that the rows `name | paper | default` of a text are all settings in which the presets
/// differ.
pub fn check_presets(text: &str) {
    let settings = Setting::all().into_iter();
    let differing = settings.filter(|setting| setting.default != setting.paper);
    let expected: BTreeSet<_> = differing
        .map(|s| [s.name.to_owned(), s.paper, s.default])
        .collect();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let written: BTreeSet<_> = rows
        .map(|line| {
            let mut cells = line
                .split('|')
                .map(|cell| cell.trim().trim_matches('`').to_owned());
            cells.next();
            [(); 3].map(|()| cells.next().unwrap_or_default())
        })
        .collect();
    assert_eq!(written, expected);
}
