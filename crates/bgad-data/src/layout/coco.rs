//! Annotations in COCO's format: an image with an annotation is abnormal.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::files::{self, extension, name, stem};
use super::split_normals::{RANDOM_STATE, TEST_FRACTION, split_normals};
use crate::annotation_file::{self, AnnotatedImage, AnnotationFile};
use crate::text::count;
use crate::{DataError, Dataset, MaskFiles, Result, Sample, names};

/// The defect type of annotations without a category.
const DEFECT: &str = "defect";
/// Sub-folders searched for annotations, besides the data set's own folder.
const FOLDERS: [&str; 6] = ["annotations", "train", "val", "valid", "validation", "test"];

/// The keys that distinguish annotations from other JSON.
#[derive(Deserialize)]
struct Keys {
    images: Option<Vec<IgnoredAny>>,
    annotations: Option<Vec<IgnoredAny>>,
}

/// Whether a file contains annotations.
pub(super) fn is_table(file: &Path) -> bool {
    let is_json = extension(file) == "json";
    let keys = || serde_json::from_slice::<Keys>(&std::fs::read(file).ok()?).ok();
    is_json && keys().is_some_and(|keys| keys.images.is_some() && keys.annotations.is_some())
}

/// The annotation files of a folder: its own, and those in sub-folders with the usual names.
pub(super) fn tables(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut tables = Vec::new();
    let inner = FOLDERS.map(|inner| folder.join(inner));
    for folder in [folder.to_owned()].iter().chain(&inner) {
        if folder.is_dir() {
            let files = files::list(folder)?.skipped.into_iter();
            let files = files.map(|file| file.path);
            tables.extend(files.filter(|file| is_table(file)));
        }
    }
    Ok(tables)
}

/// Whether an image is for training or testing, judged by the names of its table and folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Train,
    Test,
    Unsaid,
}

/// Reads one annotation file, or all in a folder.
pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let (root, tables) = match folder.is_file() {
        true => {
            let parent = folder.parent().filter(|path| !path.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            (parent, vec![folder.to_owned()])
        }
        false => (folder, tables(folder)?),
    };
    if tables.is_empty() {
        return Err(DataError::FileMissing {
            file: folder.join("annotations.json"),
            expected: "expected a JSON file with COCO images and annotations in the data set's folder or its sub-folder annotations, train, val or test".to_owned(),
        });
    }
    let mut listed = HashSet::new();
    let mut warnings = Vec::new();
    let (mut absent, mut unsaid) = (Vec::new(), Vec::new());
    let (mut train, mut test) = (Vec::new(), Vec::new());
    let (mut train_abnormal, mut test_abnormal) = (Vec::new(), Vec::new());
    for table in &tables {
        let annotations = AnnotationFile::read(table)?;
        let unlisted = annotations.of_unlisted();
        if unlisted > 0 {
            let number = count(unlisted, "annotation");
            warnings.push(format!(
                "{}: {number} of images that it does not list",
                table.display()
            ));
        }
        for image in &annotations.images {
            let Some(path) = place(root, table, image)? else {
                absent.push(files::skipped(
                    root.join(names::path_from_text(&image.file_name)),
                    "named in the annotations, but the file does not exist",
                ));
                continue;
            };
            if !listed.insert(path.clone()) {
                return Err(DataError::Annotations {
                    file: table.clone(),
                    found: format!("the image '{}' a second time", image.file_name),
                });
            }
            let part = part(root, table, &path);
            let Some(first) = annotations.of(image.id).next() else {
                let normal = Sample::normal(path);
                match part {
                    Part::Train => train.push(normal),
                    Part::Test => test.push(normal),
                    Part::Unsaid => unsaid.push(normal),
                }
                continue;
            };
            for annotation in annotations.of(image.id) {
                annotation
                    .shapes()
                    .map_err(|found| DataError::Annotations {
                        file: table.clone(),
                        found: format!("{found}, of the image '{}'", image.file_name),
                    })?;
            }
            let mask = MaskFiles::from(annotation_file::mask_name(table, image.id));
            let defect_type = annotations.name_of(first).unwrap_or(DEFECT);
            let sample = Sample::abnormal(path, defect_type, Some(mask));
            match part {
                Part::Train => train_abnormal.push(sample),
                Part::Test | Part::Unsaid => test_abnormal.push(sample),
            }
        }
    }
    if listed.is_empty()
        && let Some(first) = absent.first()
    {
        return Err(DataError::FileMissing {
            file: first.path.clone(),
            expected: "expected the images that the annotations name, beside the file, in images or in a folder named like the file".to_owned(),
        });
    }
    if !absent.is_empty() {
        let number = count(absent.len(), "image");
        warnings.push(format!(
            "{}: {number} named in the annotations do not exist",
            root.display()
        ));
    }
    if test_abnormal.is_empty() {
        let root = root.display();
        warnings.push(format!(
            "{root}: 0 abnormal test images; nothing can be evaluated"
        ));
    }
    let dataset = files::described(root, absent, warnings);
    let mut dataset = split_normals(dataset, unsaid, test_abnormal, TEST_FRACTION, RANDOM_STATE);
    // First the images that the tables assign to a set, then those that were drawn.
    train.append(&mut dataset.train);
    if train.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: "images without annotations".to_owned(),
        });
    }
    train.append(&mut train_abnormal);
    test.append(&mut dataset.test);
    (dataset.train, dataset.test) = (train, test);
    Ok(dataset)
}

/// The path of an image; annotations do not say which folder its name is relative to.
fn place(root: &Path, table: &Path, image: &AnnotatedImage) -> Result<Option<PathBuf>> {
    let relative = names::path_from_text(&image.file_name);
    if !files::stays_inside(&relative) {
        return Err(DataError::Annotations {
            file: table.to_owned(),
            found: format!(
                "'{}', which points outside the data set's folder",
                image.file_name
            ),
        });
    }
    let beside = table.parent().unwrap_or(root);
    // instances_train2017.json refers to the folder train2017.
    let own = stem(table);
    let own = own.rsplit('_').next().unwrap_or_default();
    let folders = [
        beside.to_owned(),
        beside.join("images"),
        root.to_owned(),
        root.join("images"),
        root.join(own),
        root.join("images").join(own),
    ];
    let mut places = folders.iter().map(|folder| folder.join(&relative));
    Ok(places.find(|path| path.is_file()))
}

fn part(root: &Path, table: &Path, image: &Path) -> Part {
    let of = |text: &str| {
        let text = text.to_lowercase();
        let has = |word: &str| text.contains(word);
        match (has("train"), has("test") || has("val")) {
            (true, false) => Part::Train,
            (false, true) => Part::Test,
            _ => Part::Unsaid,
        }
    };
    // The nearest name that decides.
    let around = |path: &Path| {
        let below = path.strip_prefix(root).ok().and_then(Path::parent);
        let parts = below.into_iter().flat_map(Path::iter).map(Path::new);
        parts.map(name).collect::<Vec<_>>().join("/")
    };
    [stem(table), around(table), around(image)]
        .iter()
        .map(|text| of(text))
        .find(|part| *part != Part::Unsaid)
        .unwrap_or(Part::Unsaid)
}
