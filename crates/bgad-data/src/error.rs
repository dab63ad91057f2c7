//! Errors in data; each message names the file and says what to do.

use std::path::PathBuf;

/// Result type of this crate.
pub type Result<T, E = DataError> = std::result::Result<T, E>;

/// An error in reading, checking or augmenting data.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder does not exist or is a file.
    #[error("{}: no such folder; check the path", .folder.display())]
    FolderMissing {
        /// The folder that was requested.
        folder: PathBuf,
    },

    /// The folder holds no readable images.
    #[error("{}: no images in this folder or below it; expected png, jpg, jpeg, bmp, tif, tiff or webp files", .folder.display())]
    NoImages {
        /// The folder that was searched.
        folder: PathBuf,
    },

    /// There are no normal images to train on.
    #[error("{}: no normal images; expected them in {expected}", .folder.display())]
    NoNormalImages {
        /// The data set's folder.
        folder: PathBuf,
        /// Where this layout keeps its normal images.
        expected: String,
    },

    /// The data set has no category with this name.
    #[error("{}: no category '{category}'; choose one of {}, or none if this folder is the category", .folder.display(), list(.found))]
    CategoryMissing {
        /// The data set's folder.
        folder: PathBuf,
        /// The category that was requested.
        category: String,
        /// The categories found.
        found: Vec<String>,
    },

    /// The folder holds several categories and none was chosen.
    #[error("{}: this folder contains no images, only the categories {}; choose one with --category", .folder.display(), list(.found))]
    CategoryNeeded {
        /// The data set's folder.
        folder: PathBuf,
        /// The categories found.
        found: Vec<String>,
    },

    /// A file that the layout needs is missing.
    #[error("{}: no such file; {expected}", .file.display())]
    FileMissing {
        /// The missing file.
        file: PathBuf,
        /// What it should contain.
        expected: String,
    },

    /// A table (CSV) cannot be read.
    #[error("{}: line {line}: found {found}; expected {expected}", .file.display())]
    Table {
        /// The table.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the line says.
        found: String,
        /// What was expected.
        expected: String,
    },

    /// A JSON list has an entry that cannot be used.
    #[error("{}: entry {entry}: found {found}; expected {expected}", .file.display())]
    Entry {
        /// The file.
        file: PathBuf,
        /// The entry, from 1.
        entry: u64,
        /// What the entry says.
        found: String,
        /// What was expected.
        expected: String,
    },

    /// The folder's layout is unclear.
    #[error(transparent)]
    Layout(#[from] crate::LayoutError),

    /// A file of annotations cannot be read.
    #[error("{}: found {found}; expected COCO annotations: images with id, file_name, width and height, and annotations with image_id and polygons or a box", .file.display())]
    Annotations {
        /// The file.
        file: PathBuf,
        /// What was found.
        found: String,
    },

    /// A table names a path that leaves the data set's folder.
    #[error("{}: line {line}: '{path}' points outside the data set's folder; use relative paths without '..'", .file.display())]
    PathEscape {
        /// The table.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The path as written.
        path: String,
    },

    /// The operating system could not read or write.
    #[error("{}: {reason}; check the path and its permissions", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        reason: std::io::Error,
    },

    /// The file's content is not an image, whatever its name.
    #[error("{}: {found}; expected a png, jpeg, bmp, tiff or webp image; replace or remove the file", .file.display())]
    NotAnImage {
        /// The file.
        file: PathBuf,
        /// What was found instead.
        found: String,
    },

    /// The file is an image, but of a kind that is not decoded.
    #[error("{}: {found} is not supported; convert the file, for example to an 8-bit or 16-bit png", .file.display())]
    UnreadKind {
        /// The file.
        file: PathBuf,
        /// What kind it is.
        found: String,
    },

    /// The file begins like an image but cannot be decoded, for example because it is truncated.
    #[error("{}: damaged image ({reason}); replace or remove the file", .file.display())]
    DamagedImage {
        /// The file.
        file: PathBuf,
        /// The decoder's error.
        reason: image::ImageError,
    },

    /// The image would need more memory than one image may take.
    #[error("{}: image too large ({reason}); the limit is {max_side} pixels per side and {max_mebibytes} MiB decoded; scale it down first", .file.display())]
    ImageTooLarge {
        /// The file.
        file: PathBuf,
        /// The decoder's error.
        reason: image::ImageError,
        /// The largest side in pixels.
        max_side: u32,
        /// The largest decoded size in MiB.
        max_mebibytes: u64,
    },

    /// A folder of images holds what this program wrote.
    #[error("{}: bgad wrote its results into this folder, so they are not read as images of parts; name the folder of the images themselves, or delete its file .written-by-bgad if it holds images of your own", .folder.display())]
    ResultsFolder {
        /// The folder.
        folder: PathBuf,
    },

    /// A mask and its image differ in size.
    #[error("{}: mask of {}x{} pixels for {} of {}x{} pixels; a mask must have its image's size{}", .mask.display(), .mask_size.0, .mask_size.1, .image.display(), .image_size.0, .image_size.1, crate::orientation::hint(*.mask_size, *.image_size))]
    MaskSize {
        /// The image.
        image: PathBuf,
        /// The image's width and height.
        image_size: (u32, u32),
        /// The mask.
        mask: PathBuf,
        /// The mask's width and height.
        mask_size: (u32, u32),
    },

    /// The values of the masks do not show which of them mark a defect.
    #[error("{}: masks with {found}, for example {}: it is not clear which values mark a defect; choose with --mask-values: nonzero (all but 0), half (above half), above:N, alpha, or the values themselves, such as 1,2", .folder.display(), .example.display())]
    UnclearMaskValues {
        /// The data set's folder.
        folder: PathBuf,
        /// What was found in the masks.
        found: String,
        /// A mask that shows it.
        example: PathBuf,
    },

    /// Pixels in memory do not have the expected size.
    #[error("{what}: found {found}, expected {expected}")]
    Size {
        /// What has the wrong size.
        what: String,
        /// Its size.
        found: String,
        /// The size that matches the other argument.
        expected: String,
    },

    /// A mask without defect pixels was given where a defect is needed.
    #[error(
        "the mask of {width}x{height} pixels marks no defect; expected at least one defect pixel; check the mask file, and which of its values mark defects"
    )]
    EmptyMask {
        /// Width of the mask.
        width: u32,
        /// Height of the mask.
        height: u32,
    },

    /// The masks that say where defects may be pasted cannot be used.
    #[error(transparent)]
    Foreground(#[from] crate::ForegroundError),

    /// CutPaste has no defect to cut out.
    #[error(
        "data set '{dataset}': no abnormal training image has a mask that marks a defect; add masks, or train without CutPaste"
    )]
    NoMasks {
        /// Name of the data set.
        dataset: String,
    },

    /// More anomalies were requested than the test set has.
    #[error("data set '{dataset}': {requested} abnormal training images requested, but the test set has {available} and must keep at least one; ask for at most {}", .available.saturating_sub(1))]
    TooManyAnomalies {
        /// Name of the data set.
        dataset: String,
        /// How many were requested.
        requested: usize,
        /// How many abnormal test images there are.
        available: usize,
    },

    /// Some defect types have too few images.
    #[error(
        "data set '{dataset}': {requested} abnormal training images of {types} requested, but there are {available}; ask for at most that many"
    )]
    TooFewOfTypes {
        /// Name of the data set.
        dataset: String,
        /// The defect types.
        types: String,
        /// How many were requested.
        requested: usize,
        /// How many there are.
        available: usize,
    },

    /// The data set has no defect type with this name.
    #[error("data set '{dataset}': no defect type '{defect_type}'; choose among: {}", list(.found))]
    DefectTypeMissing {
        /// Name of the data set.
        dataset: String,
        /// The type that was requested.
        defect_type: String,
        /// The types found.
        found: Vec<String>,
    },

    /// A split file cannot be read or does not match the data set.
    #[error("{}: found {found}; expected {expected}", .file.display())]
    Split {
        /// The split file.
        file: PathBuf,
        /// What the file says.
        found: String,
        /// What was expected.
        expected: String,
    },

    /// A parameter is out of range.
    #[error("{name} = {found}; expected {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// Its value.
        found: String,
        /// The valid range.
        expected: String,
    },

    /// Files would be written into a folder that is not empty.
    #[error("{}: the folder is not empty; choose a new or empty one", .folder.display())]
    FolderNotEmpty {
        /// The folder.
        folder: PathBuf,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "(none found)".to_owned()
    } else {
        names.join(", ")
    }
}
