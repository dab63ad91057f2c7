//! Watches a folder for new images.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bgad::images_of_folder;

use crate::failure::Failure;
use crate::progress::warning;

/// Time between two looks at the folder. The folder is polled, because network file systems don't report changes.
const INTERVAL: Duration = Duration::from_millis(250);

/// The state of a file.
struct Seen {
    length: u64,
    modified: Option<SystemTime>,
    done: bool,
}

/// Calls `each` with all images in `folder` and with those that come or change later, sorted at each look.
/// Ends with the first error of `each`. A file is taken once it has not grown between two looks, so that no
/// half-written image is read.
pub fn images(
    folder: &Path,
    mut each: impl FnMut(&Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // A folder missing at the start is a mistake; one that goes away later may come back.
    let mut now = images_of_folder(folder)?.images;
    let mut seen: HashMap<PathBuf, Seen> = HashMap::new();
    let mut gone = false;
    loop {
        let mut known = HashMap::new();
        for path in now {
            let Ok(metadata) = std::fs::metadata(&path) else {
                continue;
            };
            let (length, modified) = (metadata.len(), metadata.modified().ok());
            let before = seen.remove(&path);
            let same = before.filter(|b| b.length == length && b.modified == modified);
            let done = match same {
                Some(Seen { done: true, .. }) => true,
                Some(_) => {
                    each(&path)?;
                    true
                }
                None => false,
            };
            let entry = Seen {
                length,
                modified,
                done,
            };
            known.insert(path, entry);
        }
        seen = known;
        now = loop {
            std::thread::sleep(INTERVAL);
            match images_of_folder(folder) {
                Ok(found) => break found.images,
                Err(error) if !gone => warning(&format!("{error}; still watching for it")),
                Err(_) => {}
            }
            gone = true;
        };
        gone = false;
    }
}
