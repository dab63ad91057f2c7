//! Loading the model that a command names.

use std::path::Path;

use bgad::{Detector, Device};

use crate::failure::Failure;

/// Loads a model; if there is no such file, the error says how to get one.
pub fn load(path: &Path, device: &Device) -> Result<Detector, Failure> {
    match path.exists() {
        true => Ok(Detector::load(path, device)?),
        false => Err(Failure::NoModel(path.to_owned())),
    }
}
