//! The file that a command writes a model to.

use std::path::Path;

use crate::failure::Failure;

/// Checks the file `--out` of a model before the work starts.
///
/// # Errors
/// If it is a folder or an image, or if its folder does not exist.
pub fn check_model(path: &Path) -> Result<(), Failure> {
    let refused = |why: &str| Failure::Missing(format!("--out {}: {why}", path.display()));
    if path.is_dir() {
        let file = path.join("model.bgad");
        let why = format!(
            "a folder, but a model is one file; name it, for example {}",
            file.display()
        );
        return Err(refused(&why));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder.is_file() {
        let why = format!(
            "{} is a file, not a folder; name another file",
            folder.display()
        );
        return Err(refused(&why));
    }
    if !folder.is_dir() {
        let why = format!(
            "there is no folder {}; create it, or name another file",
            folder.display()
        );
        return Err(refused(&why));
    }
    if path.exists() && image::ImageFormat::from_path(path).is_ok() {
        return Err(refused(
            "an image, which is never replaced; name another file, such as model.bgad",
        ));
    }
    Ok(())
}
