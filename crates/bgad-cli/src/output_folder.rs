//! Folders that commands write to. What they write must never be read as an image of a part later.

use std::path::{Path, PathBuf};

use bgad::{holds_results, images_of_folder, mark_results};

use crate::failure::Failure;

/// A folder named by an option.
pub struct OutputFolder<'a> {
    /// The option, such as `heatmaps`.
    pub option: &'a str,
    pub path: &'a Path,
}

impl OutputFolder<'_> {
    /// Creates the folder for pictures and marks it, so that it is never read as a folder of images.
    ///
    /// # Errors
    /// If it holds one of `inputs`, which are images and folders of images, or other images that the program
    /// did not write.
    pub fn for_pictures(&self, inputs: &[PathBuf]) -> Result<(), Failure> {
        if let Some(input) = inputs.iter().find(|input| self.contains(input)) {
            let input = input.display();
            return Err(self.refused(&format!("it holds {input}, which this command reads")));
        }
        if self.path.is_dir() && !holds_results(self.path) {
            let found = images_of_folder(self.path)?.images;
            if let Some(first) = found.first() {
                let first = first.display();
                return Err(self.refused(&format!("it holds other images, such as {first}")));
            }
        }
        bgad_files::create_folder(self.path).map_err(Failure::file(self.path))?;
        Ok(mark_results(self.path)?)
    }

    /// Checks the folder of a run: it must not be `data`, the folder of the images, nor hold images itself.
    ///
    /// # Errors
    /// If it is or does.
    pub fn for_run(&self, data: &Path) -> Result<(), Failure> {
        let real = |path: &Path| path.canonicalize().ok();
        if self.path.is_dir() && real(self.path) == real(data) {
            return Err(self.refused("it is the folder of the images"));
        }
        let entries = std::fs::read_dir(self.path).into_iter().flatten();
        let mut files = entries.flatten().map(|entry| entry.path());
        let is_image = |path: &PathBuf| {
            let format = image::ImageFormat::from_path(path);
            format.is_ok() && path.is_file()
        };
        match files.find(is_image) {
            Some(first) => {
                let first = first.display();
                Err(self.refused(&format!("it holds images, such as {first}")))
            }
            None => Ok(()),
        }
    }

    /// Whether a file or folder is this folder or lies in it.
    fn contains(&self, input: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().ok();
        match (real(self.path), real(input)) {
            (Some(folder), Some(input)) => input.starts_with(folder),
            _ => false,
        }
    }

    fn refused(&self, why: &str) -> Failure {
        let Self { option, path } = self;
        let other = match path.file_name() {
            Some(name) => {
                let name = Path::new(name).display();
                path.with_file_name(format!("{name}-{option}"))
            }
            // `.` or `..`
            None => PathBuf::from(option),
        };
        Failure::Missing(format!(
            "--{option} {}: {why}, and images of parts must not be mixed with what bgad writes; name another \
             folder, for example --{option} {}",
            path.display(),
            other.display()
        ))
    }
}
