//! A split stored in a file, so that a run can be repeated elsewhere.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{DataError, Dataset, Label, Region, Result, Sample, names};

/// The format that is written, and the newest that is read.
const FORMAT_VERSION: u32 = 1;
/// Larger files are not read; a million images fit.
const MAX_BYTES: u64 = 256 << 20;

/// The training and test images of a data set, by paths relative to its folder.
///
/// ```
/// # use bgad_data::{Layout, SplitFile, synthetic::{self, SyntheticConfig}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let parts = folder.path().join("parts");
/// # let config = SyntheticConfig { image_size: 64, train_images: 4, test_images: 2, abnormal_per_type: 1, ..Default::default() };
/// # synthetic::write(&parts, &config)?;
/// let mut dataset = Layout::Mvtec.read(&parts, None)?;
/// dataset.move_anomalies_to_training(2, 7)?;
/// let file = folder.path().join("split.json");
/// SplitFile::of(&dataset)?.write(&file)?;
///
/// let mut again = Layout::Mvtec.read(&parts, None)?;
/// SplitFile::read(&file)?.apply(&mut again)?;
/// assert_eq!(again.train, dataset.train);
/// assert_eq!(again.test, dataset.test);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitFile {
    format_version: u32,
    /// Name of the data set that was split.
    pub dataset: String,
    /// Training images, in order.
    pub train: Vec<SplitEntry>,
    /// Test images, in order.
    pub test: Vec<SplitEntry>,
    /// The file that the split was read from, for messages.
    #[serde(skip)]
    file: PathBuf,
}

/// One image of a split.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitEntry {
    /// The path relative to the data set's folder, with `/` between its parts, as written by
    /// [`path_to_text`](crate::path_to_text).
    pub path: String,
    /// The part of the image; `None` for the whole image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Normal or abnormal, to detect a different labelling.
    pub label: Label,
}

impl SplitFile {
    /// The current split of `dataset`.
    ///
    /// # Errors
    /// [`DataError::Split`] for an image outside the data set's folder.
    pub fn of(dataset: &Dataset) -> Result<Self> {
        let entries = |samples: &[Sample]| -> Result<Vec<SplitEntry>> {
            let entry = |sample| {
                entry(dataset, sample).ok_or_else(|| DataError::Split {
                    file: sample.path.clone(),
                    found: "a path outside the data set's folder".to_owned(),
                    expected: format!("a file below {}", dataset.root.display()),
                })
            };
            samples.iter().map(entry).collect()
        };
        Ok(Self {
            format_version: FORMAT_VERSION,
            dataset: dataset.name.clone(),
            train: entries(&dataset.train)?,
            test: entries(&dataset.test)?,
            file: PathBuf::new(),
        })
    }

    /// Reads a split.
    ///
    /// # Errors
    /// [`DataError::Io`], and [`DataError::Split`] for a file that is not a split or has a newer version.
    pub fn read(file: &Path) -> Result<Self> {
        let io_error = |reason| DataError::Io {
            path: file.to_owned(),
            reason,
        };
        let wrong = |found| DataError::Split {
            file: file.to_owned(),
            found,
            expected: "a split written by --write-split".to_owned(),
        };
        let metadata = std::fs::metadata(file).map_err(io_error)?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(wrong("a file of more than 256 MiB".to_owned()));
        }
        let bytes = std::fs::read(file).map_err(io_error)?;
        let split: Self =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if split.format_version != FORMAT_VERSION {
            return Err(DataError::Split {
                file: file.to_owned(),
                found: format!("format version {}", split.format_version),
                expected: format!("version {FORMAT_VERSION}; use a newer bgad or write it again"),
            });
        }
        Ok(Self {
            file: file.to_owned(),
            ..split
        })
    }

    /// Writes the split atomically.
    ///
    /// # Errors
    /// [`DataError::Io`].
    pub fn write(&self, file: &Path) -> Result<()> {
        let io_error = |reason| DataError::Io {
            path: file.to_owned(),
            reason,
        };
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| io_error(error.into()))?;
        text.push(b'\n');
        bgad_files::write_whole(file, &text).map_err(io_error)
    }

    /// Applies this split to `dataset` as read by its layout. Images that the split does not name are
    /// dropped, with a warning.
    ///
    /// # Errors
    /// [`DataError::Split`] for an image that the data set does not have, that has a different label there,
    /// or that is named twice; the data set is then unchanged.
    pub fn apply(&self, dataset: &mut Dataset) -> Result<()> {
        let mut samples: HashMap<(String, Option<Region>), &Sample> = HashMap::new();
        for sample in dataset.samples() {
            if let Some(entry) = entry(dataset, sample) {
                samples.insert((entry.path, entry.region), sample);
            }
        }
        let all = dataset.train.len() + dataset.test.len();
        let mut named = HashSet::new();
        let mut pick = |entries: &[SplitEntry]| -> Result<Vec<Sample>> {
            let mut picked = Vec::with_capacity(entries.len());
            for entry in entries {
                let key = (entry.path.clone(), entry.region);
                let wrong = |found: &str, expected: String| DataError::Split {
                    file: self.file.clone(),
                    found: format!("{found} '{}'", entry.path),
                    expected,
                };
                let sample = samples.get(&key).ok_or_else(|| {
                    let folder = dataset.root.display();
                    wrong("the image", format!("images of the data set in {folder}"))
                })?;
                if sample.label != entry.label {
                    let label = if sample.label.is_abnormal() {
                        "abnormal"
                    } else {
                        "normal"
                    };
                    return Err(wrong(
                        "another label for",
                        format!("{label}, as the data set has it"),
                    ));
                }
                if !named.insert(key) {
                    return Err(wrong("a second time", "each image once".to_owned()));
                }
                picked.push((*sample).clone());
            }
            Ok(picked)
        };
        let (train, test) = (pick(&self.train)?, pick(&self.test)?);
        let unused = all - train.len() - test.len();
        (dataset.train, dataset.test) = (train, test);
        if unused > 0 {
            let what = crate::text::count(unused, "image");
            let text = format!(
                "{}: {what} of the data set left out because the split does not name them",
                self.file.display()
            );
            dataset.warnings.push(text);
        }
        Ok(())
    }
}

/// The sample's entry; `None` if its path cannot be expressed relative to the data set's folder.
fn entry(dataset: &Dataset, sample: &Sample) -> Option<SplitEntry> {
    let relative = sample.path.strip_prefix(&dataset.root).ok()?;
    let parts = relative
        .iter()
        .map(|part| names::path_to_text(Path::new(part)));
    let parts: Vec<String> = parts.collect();
    Some(SplitEntry {
        path: parts.join("/"),
        region: sample.region,
        label: sample.label,
    })
}
