//! The images and masks of a store.

use std::path::{Path, PathBuf};

use bgad::path_to_text;

use super::decision::Subject;
use crate::error::{Result, ReviewError};
use crate::{digest, encoding};

/// Extensions of images, as in folders for `bgad predict`.
const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp"];
/// How many letters of a name are kept.
const LONGEST_NAME: usize = 80;

/// Copies an image to the store and returns its path relative to `folder`. A link would not do, because a
/// camera may overwrite its file.
pub(super) fn keep_image(folder: &Path, subject: &Subject<'_>) -> Result<String> {
    let stem = plain(&stem(subject.path));
    let relative = |ending: &str| format!("images/{stem}-{}.{ending}", subject.id);
    let (name, bytes) = match subject.part {
        Some(part) => (relative("png"), encoding::png(part)?),
        None => {
            let bytes = std::fs::read(subject.path).map_err(ReviewError::io(subject.path))?;
            let ending = ending(subject.path).unwrap_or_else(|| "png".to_owned());
            (relative(&ending), bytes)
        }
    };
    write(&folder.join(&name), &bytes)?;
    Ok(name)
}

/// Writes a mask under a new name, so that the table never points to a wrong mask.
pub(super) fn keep_mask(folder: &Path, image: &str, revision: u64, png: &[u8]) -> Result<String> {
    let name = format!("masks/{}-{revision}.png", stem(Path::new(image)));
    write(&folder.join(&name), png)?;
    Ok(name)
}

/// Writes an uploaded image.
pub(super) fn upload(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = Path::new(name);
    let ending = ending(path).ok_or_else(|| {
        ReviewError::Request(format!(
            "{name}: not an image by its name; expected one that ends in .{}",
            ENDINGS.join(", .")
        ))
    })?;
    let stem = plain(&stem(path));
    // Another image with the same name gets a new name; the same image is stored once.
    let mut place = folder.join(format!("{stem}.{ending}"));
    if place.exists() && std::fs::read(&place).map_err(ReviewError::io(&place))? != bytes {
        place = folder.join(format!("{stem}-{}.{ending}", digest::of(bytes)));
    }
    if !place.exists() {
        write(&place, bytes)?;
    }
    Ok(place)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    bgad_files::write_whole(path, bytes).map_err(ReviewError::io(path))
}

fn stem(path: &Path) -> String {
    path_to_text(Path::new(path.file_stem().unwrap_or_default()))
}

fn ending(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?.to_lowercase();
    ENDINGS.contains(&ending.as_str()).then_some(ending)
}

/// A name that all file systems and tables accept.
fn plain(name: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let letters = name.chars().map(|c| if allowed(c) { c } else { '_' });
    let name: String = letters.take(LONGEST_NAME).collect();
    let name = name.trim_start_matches('.');
    match name.is_empty() {
        true => "image".to_owned(),
        false => name.to_owned(),
    }
}
