//! Loading the model that a command names.

use std::path::Path;

use bgad::{Detector, Device};

use crate::failure::Failure;

/// Loads a model; if there is no such file, the error says how to get one. A folder is not searched.
pub fn load(path: &Path, device: &Device) -> Result<Detector, Failure> {
    match path.metadata() {
        Err(_) => Err(Failure::NoModel(path.to_owned())),
        Ok(found) if found.is_dir() => Err(Failure::ModelFolder(path.to_owned())),
        Ok(_) => Ok(Detector::load(path, device)?),
    }
}
