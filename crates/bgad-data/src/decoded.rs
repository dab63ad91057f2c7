//! The images decoded most recently, kept because several patches are cut from one image.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use image::RgbImage;

use crate::{ImageReading, Result, image_file};

/// Bytes of pixels kept; a single image is kept even if it is larger.
const MOST_BYTES: usize = 512 << 20;

/// Identifies a file's state; a changed file is read again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
    reading: ImageReading,
}

/// The images, most recently used last.
static DECODED: Mutex<VecDeque<(Key, Arc<RgbImage>)>> = Mutex::new(VecDeque::new());

/// The image in a file from which several patches are cut.
pub(crate) fn image(path: &Path, reading: ImageReading) -> Result<Arc<RgbImage>> {
    let Ok(metadata) = std::fs::metadata(path) else {
        // The error explains why.
        return image_file::load(path, reading).map(Arc::new);
    };
    let key = Key {
        path: path.to_owned(),
        length: metadata.len(),
        modified: metadata.modified().ok(),
        reading,
    };
    {
        let mut decoded = DECODED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = decoded.iter().position(|(known, _)| *known == key)
            && let Some(entry) = decoded.remove(at)
        {
            let image = entry.1.clone();
            decoded.push_back(entry);
            return Ok(image);
        }
    }
    // Outside the lock, so that other threads can decode meanwhile.
    let image = Arc::new(image_file::load(path, reading)?);
    let mut decoded = DECODED.lock().unwrap_or_else(PoisonError::into_inner);
    decoded.retain(|(known, _)| known.path != path);
    decoded.push_back((key, image.clone()));
    let bytes = |entries: &VecDeque<(Key, Arc<RgbImage>)>| -> usize {
        entries.iter().map(|(_, image)| image.as_raw().len()).sum()
    };
    while decoded.len() > 1 && bytes(&decoded) > MOST_BYTES {
        decoded.pop_front();
    }
    Ok(image)
}
