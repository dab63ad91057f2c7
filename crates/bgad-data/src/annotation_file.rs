//! Annotations in COCO's format: polygons and boxes in a JSON file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::Deserialize;

use crate::{DataError, Result};

/// Larger files are not read; COCO's own annotations take 450 MiB.
const MOST_BYTES: u64 = 1 << 30;
/// Separates the file and the image's number in the name of a mask.
const OF_IMAGE: &str = "#image=";

/// A file of annotations.
#[derive(Debug, Deserialize)]
pub(crate) struct AnnotationFile {
    pub(crate) images: Vec<AnnotatedImage>,
    #[serde(default)]
    annotations: Vec<Annotation>,
    #[serde(default)]
    categories: Vec<Category>,
    /// Indices of each image's annotations.
    #[serde(skip)]
    of_image: BTreeMap<u64, Vec<usize>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AnnotatedImage {
    pub(crate) id: u64,
    pub(crate) file_name: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Annotation {
    image_id: u64,
    category_id: Option<u64>,
    #[serde(default)]
    segmentation: Segmentation,
    #[serde(default)]
    bbox: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Category {
    id: u64,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Segmentation {
    #[default]
    None,
    Polygons(Vec<Vec<f64>>),
    /// Run lengths and any other segmentation.
    Other(serde::de::IgnoredAny),
}

/// A shape in the image's pixels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Polygon(Vec<[f64; 2]>),
    /// Left, top, width, height.
    Box([f64; 4]),
}

/// Identifies the state of a file when it was parsed.
type Key = (PathBuf, u64, Option<SystemTime>);

/// The files read most recently, the newest last: each mask is drawn from one of them.
static READ: Mutex<Vec<(Key, Arc<AnnotationFile>)>> = Mutex::new(Vec::new());
/// How many files are kept: a data set has one per part of its split.
const MOST_READ: usize = 4;

impl AnnotationFile {
    /// Reads the file, or returns the earlier result if the file is unchanged.
    pub(crate) fn read(file: &Path) -> Result<Arc<Self>> {
        let io_error = |reason| DataError::Io {
            path: file.to_owned(),
            reason,
        };
        let metadata = std::fs::metadata(file).map_err(io_error)?;
        let key = (file.to_owned(), metadata.len(), metadata.modified().ok());
        let read = || READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, annotations)) = read().iter().find(|(known, _)| *known == key) {
            return Ok(annotations.clone());
        }
        let wrong = |found: String| DataError::Annotations {
            file: file.to_owned(),
            found,
        };
        if metadata.len() > MOST_BYTES {
            return Err(wrong("more than 1 GiB".to_owned()));
        }
        let bytes = std::fs::read(file).map_err(io_error)?;
        let mut annotations: Self =
            serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        for (place, annotation) in annotations.annotations.iter().enumerate() {
            let places = annotations.of_image.entry(annotation.image_id).or_default();
            places.push(place);
        }
        let mut ids = BTreeSet::new();
        if let Some(image) = annotations
            .images
            .iter()
            .find(|image| !ids.insert(image.id))
        {
            let (id, name) = (image.id, &image.file_name);
            return Err(wrong(format!(
                "the image id {id} a second time, for '{name}'"
            )));
        }
        let annotations = Arc::new(annotations);
        let mut read = read();
        read.retain(|(known, _)| known.0 != key.0);
        read.push((key, annotations.clone()));
        let surplus = read.len().saturating_sub(MOST_READ);
        read.drain(..surplus);
        Ok(annotations)
    }

    /// The annotations that mark a defect in an image.
    pub(crate) fn of(&self, image: u64) -> impl Iterator<Item = &Annotation> {
        let places = self.of_image.get(&image).into_iter().flatten();
        let annotations = places.map(|place| &self.annotations[*place]);
        annotations.filter(|annotation| !self.is_of_normal(annotation))
    }

    /// How many annotations belong to images that are not listed.
    pub(crate) fn of_unlisted(&self) -> usize {
        let listed: BTreeSet<u64> = self.images.iter().map(|image| image.id).collect();
        let others = self.of_image.iter().filter(|(id, _)| !listed.contains(id));
        others.map(|(_, places)| places.len()).sum()
    }

    fn is_of_normal(&self, annotation: &Annotation) -> bool {
        let name = self.name_of(annotation).map(str::to_lowercase);
        name.is_some_and(|name| ["normal", "good", "ok"].contains(&name.as_str()))
    }

    /// The name of an annotation's category.
    pub(crate) fn name_of(&self, annotation: &Annotation) -> Option<&str> {
        let id = annotation.category_id?;
        let mut categories = self.categories.iter();
        let category = categories.find(|category| category.id == id)?;
        Some(&category.name)
    }
}

impl Annotation {
    /// The annotation's polygons or, without any, its box; otherwise the name of what it has instead.
    pub(crate) fn shapes(&self) -> std::result::Result<Vec<Shape>, &'static str> {
        match &self.segmentation {
            Segmentation::Polygons(polygons) if !polygons.is_empty() => polygons
                .iter()
                .map(|numbers| match numbers.as_chunks::<2>() {
                    (points, []) if points.len() >= 3 => Ok(Shape::Polygon(points.to_vec())),
                    _ => Err("a polygon with fewer than three points or an incomplete point"),
                })
                .collect(),
            Segmentation::Other(_) => Err("a segmentation in run lengths"),
            Segmentation::None | Segmentation::Polygons(_) => match self.bbox[..] {
                [left, top, width, height] => Ok(vec![Shape::Box([left, top, width, height])]),
                _ => Err("an annotation with neither polygons nor a box of four numbers"),
            },
        }
    }
}

/// The name of the mask drawn from an image's annotations.
pub(crate) fn mask_name(file: &Path, image: u64) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!("{OF_IMAGE}{image}"));
    name.into()
}

/// The file and the image's number, if the mask is drawn from annotations.
pub(crate) fn named(mask: &Path) -> Option<(PathBuf, u64)> {
    let name = mask.file_name()?.to_str()?;
    let (file, image) = name.rsplit_once(OF_IMAGE)?;
    let image = image.parse().ok()?;
    Some((mask.with_file_name(file), image))
}
