//! Settings from a TOML file.

use std::path::Path;

use bgad::{Preset, TrainerConfig};

use crate::failure::Failure;

/// The settings of a TOML file on top of `preset`; without a file, those of `preset`.
pub fn read(path: Option<&Path>, preset: Preset) -> Result<TrainerConfig, Failure> {
    let mut config = TrainerConfig::preset(preset);
    let Some(path) = path else {
        return Ok(config);
    };
    let text = std::fs::read_to_string(path).map_err(Failure::file(path))?;
    let settings = toml::from_str(&text).map_err(|source| Failure::Config {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    config.merge(&settings).map_err(|source| Failure::Setting {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    Ok(config)
}
