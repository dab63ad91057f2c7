//! Settings by name: a list of all, and functions that set them from text or a file.

use serde::Serialize;
use serde_json::Value;

use super::declaration::Declared;
use super::settings::TrainerConfig;
use super::value::{Given, text};
use crate::error::{Error, Result};

/// A setting and its documentation.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Section and name, such as `scoring.image_score`.
    pub name: &'static str,
    /// What the setting does.
    pub help: String,
    /// Its allowed values, in words.
    pub allowed: String,
    /// Its value in the default preset.
    pub default: String,
    /// Its value in the published method.
    pub paper: String,
}

impl Setting {
    /// All settings, by section.
    pub fn all() -> Vec<Self> {
        let (default, paper) = (TrainerConfig::default(), TrainerConfig::paper());
        let of = |declared: &Declared| Self {
            name: declared.name,
            help: declared
                .help
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            allowed: (declared.allowed)(),
            default: default.value_text(declared.name),
            paper: paper.value_text(declared.name),
        };
        let sections = default.sections().into_iter();
        sections
            .flat_map(|section| section.declared().iter().map(of))
            .collect()
    }

    /// The setting with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|setting| setting.name == name)
    }
}

impl TrainerConfig {
    /// Sets one setting from text, for example `config.set("scoring.image_score", "top:0.02")`.
    ///
    /// # Errors
    /// [`Error::UnknownSetting`] with the nearest name, or [`Error::Setting`] with the allowed values.
    /// [`check`](Self::check) may still reject an accepted value that is out of range.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        self.put(name, &Given::Text(value))
    }

    /// Sets all settings in a tree read from TOML or JSON, such as `{"scoring": {"mirror": true}}`.
    ///
    /// # Errors
    /// Those of [`set`](Self::set) for the first setting that fails; earlier ones are set.
    pub fn merge(&mut self, settings: &Value) -> Result<()> {
        let Value::Object(all) = settings else {
            return Err(Error::input("settings", text(settings), "a table"));
        };
        for (name, value) in all {
            let inner = match value {
                Value::Object(inner) if self.section_mut(name).is_some() => inner,
                _ => {
                    self.put(name, &Given::Value(value.clone()))?;
                    continue;
                }
            };
            for (field, value) in inner {
                self.put(&format!("{name}.{field}"), &Given::Value(value.clone()))?;
            }
        }
        Ok(())
    }

    fn put(&mut self, name: &str, given: &Given<'_>) -> Result<()> {
        let section = name.split_once('.').map_or("", |(section, _)| section);
        let set = self.section_mut(section);
        let set = set.and_then(|section| section.set(name, given));
        set.unwrap_or_else(|| {
            Err(Error::UnknownSetting {
                name: name.to_owned(),
                nearest: nearest(name),
            })
        })
    }

    fn value_text(&self, name: &str) -> String {
        let value = self
            .sections()
            .into_iter()
            .find_map(|section| section.value(name));
        value.as_ref().map(text).unwrap_or_default()
    }
}

/// The setting whose name is most similar to `name`, if any is similar.
fn nearest(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '.'], "_");
    let wanted = plain(name);
    let config = TrainerConfig::default();
    let names = config
        .sections()
        .into_iter()
        .flat_map(|s| s.declared())
        .map(|d| d.name);
    let distance = |known: &'static str| {
        let field = known.rsplit('.').next().unwrap_or(known);
        let of_field = edits(&wanted, &plain(field));
        (edits(&wanted, &plain(known)).min(of_field), known)
    };
    let (edits, known) = names.map(distance).min_by_key(|(edits, _)| *edits)?;
    (edits * 3 <= wanted.len()).then_some(known)
}

/// The number of letters to insert, remove or replace (Levenshtein distance).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        for (name, expected) in [
            ("image_size", "input.image_size"),
            ("scoring.image_scor", "scoring.image_score"),
            ("feature_scaling", "features.scaling"),
            ("pooled_folds", "pooled.folds"),
            ("image-size", "input.image_size"),
            ("sed", "seed"),
        ] {
            assert_eq!(nearest(name), Some(expected), "{name}");
        }
        assert_eq!(nearest("temperature"), None);
    }
}
