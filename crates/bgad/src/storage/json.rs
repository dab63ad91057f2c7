//! JSON files of a run.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Writes `value` atomically as readable JSON.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(value).map_err(damaged(path))?;
    json.push(b'\n');
    bgad_files::write_whole(path, &json).map_err(Error::io(path))
}

/// Reads a file written by [`write_json`].
pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let json = std::fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&json).map_err(damaged(path))
}

pub(crate) fn damaged(path: &Path) -> impl FnOnce(serde_json::Error) -> Error + '_ {
    move |error| Error::RunFile {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
