//! People's decisions, in plain files that stay intact if the program is killed.
//!
//! | file | holds |
//! |---|---|
//! | `manifest.csv` | one row per decided image; `bgad train --layout manifest` reads it |
//! | `images/` | those images, so that the folder can be trained on by itself |
//! | `masks/` | painted masks, white where the defect is |
//! | `uploads/` | images that were dropped on the page |
//! | `lessons.jsonl` | what was learned, one line per lesson |
//! | `cache/` | scores and maps; may be removed |

mod decision;
mod files;
mod lessons;
mod place;
mod table;

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub use decision::{Decision, MaskChange, NewDecision, Subject, Verdict};
pub use lessons::TaughtLesson;
pub(crate) use place::{StorePlace, point_to};

use crate::error::{Result, ReviewError};

/// The decisions of one run.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    /// Decisions by the image's id.
    decisions: HashMap<String, Decision>,
    lessons: Vec<TaughtLesson>,
    revision: u64,
    /// Held while the store is open.
    _lock: File,
}

impl Store {
    /// Opens the store in `folder`, which is created if needed.
    ///
    /// # Errors
    /// [`ReviewError::InUse`] if another program has it open; otherwise the error names the file that can't
    /// be read, and what was found in it.
    pub fn open(folder: &Path) -> Result<Self> {
        for part in [
            "images",
            "masks",
            "uploads",
            "cache/maps",
            "cache/thumbnails",
        ] {
            let path = folder.join(part);
            bgad_files::create_folder(&path).map_err(ReviewError::io(&path))?;
        }
        let lock = locked(folder)?;
        for part in ["", "images", "masks", "uploads", "cache", "cache/maps"] {
            let path = folder.join(part);
            bgad_files::remove_unfinished(&path).map_err(ReviewError::io(&path))?;
        }
        let rows = table::read(&folder.join("manifest.csv"))?;
        let highest = rows.iter().map(|row| row.revision).max().unwrap_or(0);
        let decisions = rows.into_iter().map(|row| (id(&row.source), row));
        Ok(Self {
            decisions: decisions.collect(),
            lessons: lessons::read(&folder.join("lessons.jsonl"))?,
            // Revisions of removed decisions must not be used again: a window that slept through a restart
            // would overwrite newer ones.
            revision: highest.max(milliseconds_since_1970()),
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The decision about an image.
    pub fn decision(&self, id: &str) -> Option<&Decision> {
        self.decisions.get(id)
    }

    /// All decisions, by the ids of their images.
    pub fn decisions(&self) -> impl Iterator<Item = (&str, &Decision)> {
        self.decisions.iter().map(|(id, row)| (id.as_str(), row))
    }

    /// Stores a decision and returns it, or removes one and returns `None`. The change is on disk when this
    /// returns.
    ///
    /// # Errors
    /// [`ReviewError::Stale`] if another decision was made since `new.seen`. Otherwise the error names the
    /// file that can't be written, and the decision does not change.
    pub fn decide(&mut self, subject: &Subject<'_>, new: NewDecision) -> Result<Option<&Decision>> {
        let earlier = self.decisions.get(subject.id).cloned();
        if earlier.as_ref().map_or(0, |row| row.revision) != new.seen {
            return Err(ReviewError::Stale);
        }
        let revision = self.revision + 1;
        let earlier_mask = earlier.as_ref().and_then(|row| row.mask.clone());
        let decision = match new.verdict {
            None => None,
            Some(verdict) => {
                let image = match &earlier {
                    Some(row) => row.image.clone(),
                    None => files::keep_image(&self.folder, subject)?,
                };
                let mask = match (verdict, new.mask) {
                    (Verdict::Good, _) | (_, MaskChange::Remove) => None,
                    (_, MaskChange::Keep) => earlier_mask.clone(),
                    (_, MaskChange::Replace(png)) => {
                        Some(files::keep_mask(&self.folder, &image, revision, &png)?)
                    }
                };
                Some(Decision {
                    verdict,
                    kind: match verdict {
                        Verdict::Good => String::new(),
                        Verdict::Defect => new.kind,
                    },
                    image,
                    mask,
                    source: subject.source.to_owned(),
                    revision,
                })
            }
        };
        let mask = decision.as_ref().and_then(|row| row.mask.clone());
        let before = match decision {
            Some(row) => self.decisions.insert(subject.id.to_owned(), row),
            None => self.decisions.remove(subject.id),
        };
        if let Err(error) = table::write(&self.folder.join("manifest.csv"), &self.decisions) {
            match before {
                Some(row) => self.decisions.insert(subject.id.to_owned(), row),
                None => self.decisions.remove(subject.id),
            };
            return Err(error);
        }
        self.revision = revision;
        // The table no longer names it, so it does no harm if it can't be removed.
        if let Some(unused) = earlier_mask.filter(|earlier| mask.as_ref() != Some(earlier)) {
            let _ = bgad_files::remove(&self.folder.join(unused));
        }
        Ok(self.decisions.get(subject.id))
    }

    /// The path of an image's mask.
    pub fn mask(&self, id: &str) -> Option<PathBuf> {
        let mask = self.decisions.get(id)?.mask.as_ref()?;
        Some(self.folder.join(mask))
    }

    /// All lessons so far, oldest first.
    pub fn lessons(&self) -> &[TaughtLesson] {
        &self.lessons
    }

    /// Records a lesson.
    ///
    /// # Errors
    /// The error names the file that can't be written.
    pub fn add_lesson(&mut self, lesson: TaughtLesson) -> Result<()> {
        let mut lessons = self.lessons.clone();
        lessons.push(lesson);
        lessons::write(&self.folder.join("lessons.jsonl"), &lessons)?;
        self.lessons = lessons;
        Ok(())
    }

    /// Stores an uploaded image under `name` and returns its path. The same bytes under the same name are
    /// stored once.
    ///
    /// # Errors
    /// If the name is not that of an image; otherwise the error names the file that can't be written.
    pub fn upload(&self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        files::upload(&self.folder.join("uploads"), name, bytes)
    }
}

/// An image's id on the page.
pub(crate) fn id(source: &str) -> String {
    crate::digest::of(source.as_bytes())
}

fn locked(folder: &Path) -> Result<File> {
    let path = folder.join(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(ReviewError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(ReviewError::InUse(folder.to_owned())),
        // Some network shares have no locks. Refusing to work there would be worse than two servers on one
        // folder, which is rare.
        Err(std::fs::TryLockError::Error(_)) => Ok(file),
    }
}

fn milliseconds_since_1970() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| time.as_millis() as u64)
}
