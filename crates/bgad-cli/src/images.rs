//! The images that a command line names.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

const EXTENSIONS: [&str; 7] = ["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp"];

/// All images: a file is itself, whatever its name; a folder all files in it, and in its folders,
/// that are named as images are, in order of their paths; `-` the lines of standard input.
pub fn list(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in named {
        if path == Path::new("-") {
            for line in std::io::stdin().lock().lines() {
                let line = line.map_err(failed(path))?;
                if !line.is_empty() {
                    all.push(PathBuf::from(line));
                }
            }
        } else if path.is_dir() {
            let found = in_folder(path)?;
            if found.is_empty() {
                let endings = EXTENSIONS.join(", ");
                let path = path.display();
                return Err(Failure::Missing(format!(
                    "{path}: no image in this folder or those in it; expected files ending in {endings}"
                )));
            }
            all.extend(found);
        } else {
            all.push(path.clone());
        }
    }
    Ok(all)
}

/// The images in a folder and in all folders in it, in order of their paths.
pub fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut images = Vec::new();
    walk(folder, &mut images)?;
    Ok(images)
}

fn walk(folder: &Path, images: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).map_err(failed(folder))?;
    let mut entries = entries
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // Links to folders are not followed: they may lead in a circle.
        if entry.file_type().map_err(failed(&path))?.is_dir() {
            walk(&path, images)?;
        } else if is_image(&path) {
            images.push(path);
        }
    }
    Ok(())
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    let known = |e: &str| EXTENSIONS.iter().any(|k| k.eq_ignore_ascii_case(e));
    extension.is_some_and(known) && !path.is_dir()
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Failure + '_ {
    move |source| Failure::File {
        path: path.to_owned(),
        source,
    }
}
