//! Names for the files that belong to an image.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use bgad::path_to_text;

/// Gives each image a name that distinguishes its files from all others'.
///
/// If no other image has it, this is the image's name without extension. Otherwise the extension is kept
/// (`000.bmp`), or the folders that differ are put in front (`dent_000`).
pub struct PredictionNames {
    /// How many of the images known beforehand could have this name.
    candidates: HashMap<String, usize>,
    given: HashMap<PathBuf, String>,
    /// The image that owns a name, in lower case for file systems that ignore case.
    taken: HashMap<String, PathBuf>,
    /// After this many names, those of deleted images are forgotten: a folder may be watched for years.
    most_given: usize,
}

/// Number of names kept at first.
const GIVEN: usize = 10_000;

impl PredictionNames {
    /// Names for these images and, if a folder is watched, for others that come later.
    pub fn new(images: &[PathBuf]) -> Self {
        let mut candidates = HashMap::new();
        for image in images.iter().collect::<BTreeSet<_>>() {
            let of_image: BTreeSet<String> = names(image).map(|name| name.to_lowercase()).collect();
            for name in of_image {
                *candidates.entry(name).or_insert(0) += 1;
            }
        }
        Self {
            candidates,
            given: HashMap::new(),
            taken: HashMap::new(),
            most_given: GIVEN.max(images.len()),
        }
    }

    /// The image's name, the same each time.
    pub fn of(&mut self, image: &Path) -> String {
        if let Some(name) = self.given.get(image) {
            return name.clone();
        }
        if self.given.len() >= self.most_given {
            self.given.retain(|image, _| image.exists());
            self.taken.retain(|_, image| self.given.contains_key(image));
            self.most_given = 2 * self.given.len().max(GIVEN);
        }
        let free = |name: &String| !self.taken.contains_key(&name.to_lowercase());
        let alone = |name: &String| {
            let others = self.candidates.get(&name.to_lowercase());
            free(name) && others.is_none_or(|number| *number <= 1)
        };
        let numbered = || {
            let stem = names(image).next().unwrap_or_default();
            let mut numbers = (2..).map(|number| format!("{stem}_{number}"));
            numbers.find(|name| alone(name)).unwrap_or(stem)
        };
        let name = names(image).find(alone).unwrap_or_else(numbered);
        self.taken.insert(name.to_lowercase(), image.to_owned());
        self.given.insert(image.to_owned(), name.clone());
        name
    }
}

/// The names that an image may have, the shortest first.
fn names(image: &Path) -> impl Iterator<Item = String> {
    let text = |part: &std::ffi::OsStr| path_to_text(Path::new(part));
    let stem = image.file_stem().map(text).unwrap_or_default();
    let name = image.file_name().map(text).unwrap_or_default();
    let parts = image.parent().into_iter().flat_map(Path::components);
    let folders: Vec<String> = parts
        .filter_map(|part| match part {
            Component::Normal(part) => Some(text(part)),
            _ => None,
        })
        .collect();
    let depths = 0..=folders.len();
    depths.flat_map(move |depth| {
        let folders = &folders[folders.len() - depth..];
        let called = |own: &String| {
            let parts: Vec<&str> = folders.iter().chain([own]).map(String::as_str).collect();
            parts.join("_")
        };
        [called(&stem), called(&name)]
    })
}
