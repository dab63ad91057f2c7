//! `scores.json`: the score of each image of a run, which shows a later run what has changed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::own_files::{absolute, moved};
use crate::error::Result;
use crate::storage::json::{read_json, write_json};
use crate::training::outcome::ScoredImage;

/// The name of the file.
pub(super) const SCORES: &str = "scores.json";

#[derive(Serialize, Deserialize)]
struct ScoresFile {
    /// The run's own folder when this was written. Files in it move with it.
    #[serde(with = "bgad_data::path_text")]
    folder: PathBuf,
    images: Vec<ScoredImage>,
}

/// Writes to `folder`, with absolute paths, a file that will be moved to `place`, an absolute path.
pub(super) fn write(folder: &Path, scores: &[ScoredImage], place: &Path) -> Result<()> {
    let here = absolute(folder)?;
    let images = scores.iter().map(|image| {
        Ok(ScoredImage {
            path: moved(&absolute(&image.path)?, &here, place),
            ..image.clone()
        })
    });
    let file = ScoresFile {
        folder: place.to_owned(),
        images: images.collect::<Result<_>>()?,
    };
    write_json(&folder.join(SCORES), &file)
}

/// The scores in `folder`; `None` if there is no such file.
pub(super) fn read(folder: &Path) -> Result<Option<Vec<ScoredImage>>> {
    let path = folder.join(SCORES);
    if !path.exists() {
        return Ok(None);
    }
    let file: ScoresFile = read_json(&path)?;
    let here = absolute(folder)?;
    let mut images = file.images;
    for image in &mut images {
        image.path = moved(&image.path, &file.folder, &here);
    }
    Ok(Some(images))
}
