//! Data for visual anomaly detection: folder layouts, Pillow-equal image operations, RandAugmented
//! CutPaste (arXiv 2207.01463, section 3.4), and a synthetic set of part photos with exact masks.
//!
//! Everything a decision depends on is reproducible: splits equal scikit-learn's, resizing and the
//! nine augmentations equal Pillow's, and every augmented sample is a pure function of
//! `(seed, epoch, index)`.
//!
//! ```
//! use bgad_data::{Layout, synthetic::{self, SyntheticConfig}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let config = SyntheticConfig { image_size: 64, train_images: 4, test_images: 2, abnormal_per_type: 1, ..Default::default() };
//! synthetic::write(folder.path(), &config)?;
//!
//! let mut dataset = Layout::Mvtec.read(folder.path(), None)?;
//! dataset.verify()?;
//! dataset.move_anomalies_to_training(2, 0)?;
//! assert_eq!(dataset.train.len(), 4 + 2);
//! # Ok(())
//! # }
//! ```

mod bit_depth;
mod colour_mode;
mod cutpaste;
mod dataset;
mod decoded;
mod decoding;
mod error;
mod folder_images;
mod folds;
mod foreground;
mod image_file;
mod image_reading;
mod inspection;
mod layout;
mod mask;
mod mask_decision;
mod mask_file;
mod mask_values;
mod names;
mod normalize;
mod orientation;
mod preview;
mod region;
mod resize;
mod rng;
mod sample;
mod selection;
pub mod split;
mod split_file;
pub mod subsets;
pub mod synthetic;
pub mod transform;
mod verify;

pub use bit_depth::{BitDepth, BitDepthInspection};
pub use cutpaste::{CutPaste, PastedSample};
pub use dataset::{AvailableMasks, Dataset, SkippedFile};
pub use error::{DataError, Result};
pub use folder_images::{FolderImages, images_of_folder};
pub use foreground::{Foreground, estimate_foreground};
pub use image::RgbImage;
pub use image_file::{load_image, load_image_as, load_image_with};
pub use image_reading::ImageReading;
pub use inspection::{Inspection, MaskInspection, ModeCount, SizeCount};
pub use layout::{FolderLayout, FolderNames, Layout, MaskLocation};
pub use mask::Mask;
pub use mask_decision::MaskDecision;
pub use mask_values::MaskValues;
pub use names::{path_from_text, path_text, path_texts, path_to_text};
pub use normalize::normalize;
pub use orientation::Orientation;
pub use preview::contact_sheet;
pub use region::Region;
pub use resize::{Filter, resize};
pub use rng::sample_rng;
pub use sample::{Label, MaskFiles, Sample};
pub use selection::{AnomalyCount, AnomalySelection};
pub use split_file::{SplitEntry, SplitFile};
