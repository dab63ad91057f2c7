//! Images that were decoded last, for the other patches that are cut from them.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use image::RgbImage;

use crate::{ImageReading, Result, image_file};

/// Bytes of pixels that are kept; of a single larger image all of it.
const MOST_BYTES: usize = 512 << 20;

/// What is known of a file; when it changes it is read again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
    reading: ImageReading,
}

/// The images, those that were used last at the end.
static DECODED: Mutex<VecDeque<(Key, Arc<RgbImage>)>> = Mutex::new(VecDeque::new());

/// The image in a file, which several patches are cut from.
pub(crate) fn image(path: &Path, reading: ImageReading) -> Result<Arc<RgbImage>> {
    let Ok(metadata) = std::fs::metadata(path) else {
        // The error tells why.
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
    // Not under the lock: others decode at the same time.
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
