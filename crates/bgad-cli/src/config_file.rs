//! Settings from a TOML file.

use std::path::Path;

use bgad::{Preset, TrainerConfig};
use toml::{Table, Value};

use crate::failure::Failure;

/// The settings of a TOML file; what it does not say stands as in `preset`, and so does all without
/// a file.
pub fn read(path: Option<&Path>, preset: Preset) -> Result<TrainerConfig, Failure> {
    let preset = TrainerConfig::preset(preset);
    let Some(path) = path else {
        return Ok(preset);
    };
    let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })?;
    let wrong = |source| Failure::Config {
        path: path.to_owned(),
        source: Box::new(source),
    };
    // Read by itself first: only then errors name the line.
    toml::from_str::<TrainerConfig>(&text).map_err(wrong)?;
    let given: Table = toml::from_str(&text).map_err(wrong)?;
    // The preset as text: what it does not have a value for is not in it.
    let base = toml::to_string(&preset).map_err(|error| wrong(serde::de::Error::custom(error)))?;
    let mut settings: Table = toml::from_str(&base).map_err(wrong)?;
    overlay(&mut settings, given);
    settings.try_into().map_err(wrong)
}

fn overlay(settings: &mut Table, given: Table) {
    for (name, value) in given {
        match (settings.get_mut(&name), value) {
            (Some(Value::Table(inner)), Value::Table(given)) => overlay(inner, given),
            (_, value) => {
                settings.insert(name, value);
            }
        }
    }
}
