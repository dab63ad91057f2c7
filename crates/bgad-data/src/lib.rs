//! Reads data sets for visual anomaly detection, public ones and your own, with their images and masks. It also
//! has resizing equal to Pillow's, CutPaste augmentation (arXiv 2207.01463, section 3.4), and a synthetic set of
//! part photos with exact masks.
//!
//! All results are reproducible: splits equal scikit-learn's, resizing and the nine augmentations equal
//! Pillow's, and every augmented sample depends only on `(seed, epoch, index)`.
//!
//! Images, masks and resizing are always included; the feature `datasets`, on by default, adds everything else.
//! Each image format has its own feature.
//!
#![cfg_attr(feature = "datasets", doc = "```")]
#![cfg_attr(not(feature = "datasets"), doc = "```ignore")]
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

#[cfg(feature = "datasets")]
mod annotation_file;
mod bit_depth;
#[cfg(feature = "datasets")]
mod bit_depth_inspection;
mod colour_mode;
mod cutpaste;
#[cfg(feature = "datasets")]
mod dataset;
mod decoded;
mod decoding;
#[cfg(feature = "datasets")]
mod drawn_mask;
mod error;
#[cfg(feature = "datasets")]
mod folder_images;
#[cfg(feature = "datasets")]
mod folds;
mod foreground;
mod foreground_error;
#[cfg(feature = "datasets")]
mod foreground_masks;
mod image_file;
mod image_reading;
#[cfg(feature = "datasets")]
mod inspection;
#[cfg(feature = "datasets")]
mod layout;
mod layout_error;
mod mask;
#[cfg(feature = "datasets")]
mod mask_decision;
#[cfg(feature = "datasets")]
mod mask_file;
#[cfg(feature = "datasets")]
mod mask_loading;
#[cfg(feature = "datasets")]
mod mask_orientation;
#[cfg(feature = "datasets")]
mod mask_settling;
mod mask_values;
mod names;
mod normalize;
mod orientation;
#[cfg(feature = "datasets")]
mod preview;
#[cfg(feature = "datasets")]
#[doc(hidden)]
pub mod random_stream;
mod region;
mod resize;
#[cfg(feature = "datasets")]
mod results_folder;
mod sample;
#[cfg(feature = "datasets")]
mod selection;
#[cfg(feature = "datasets")]
pub mod split;
#[cfg(feature = "datasets")]
mod split_file;
#[cfg(feature = "datasets")]
pub mod subsets;
#[cfg(feature = "datasets")]
pub mod synthetic;
#[cfg(feature = "datasets")]
mod text;
pub mod transform;
mod turn;
#[cfg(feature = "datasets")]
mod verify;

pub use bit_depth::BitDepth;
#[cfg(feature = "datasets")]
pub use bit_depth_inspection::BitDepthInspection;
pub use cutpaste::CutPaste;
#[cfg(feature = "datasets")]
pub use cutpaste::PastedSample;
#[cfg(feature = "datasets")]
pub use dataset::{AvailableMasks, Dataset, SkippedFile};
pub use error::{DataError, Result};
#[cfg(feature = "datasets")]
pub use folder_images::{FolderImages, images_of_folder};
pub use foreground::{Foreground, estimate_foreground};
pub use foreground_error::ForegroundError;
pub use image::RgbImage;
pub use image_file::{load_image, load_image_as, load_image_with};
pub use image_reading::ImageReading;
#[cfg(feature = "datasets")]
pub use inspection::{Inspection, MaskInspection, ModeCount, SizeCount};
#[cfg(feature = "datasets")]
pub use layout::{
    FolderLayout, FolderNames, Layout, LayoutOptions, MaskLocation, RecognisedLayout,
};
pub use layout_error::LayoutError;
pub use mask::Mask;
#[cfg(feature = "datasets")]
pub use mask_decision::MaskDecision;
pub use mask_values::MaskValues;
pub use names::{optional_path_text, path_from_text, path_text, path_texts, path_to_text};
pub use normalize::normalize;
pub use orientation::Orientation;
#[cfg(feature = "datasets")]
pub use preview::contact_sheet;
#[cfg(feature = "datasets")]
pub use random_stream::sample_rng;
pub use region::Region;
pub use resize::{Filter, resize};
#[cfg(feature = "datasets")]
pub use results_folder::{holds_results, mark_results};
pub use sample::{Label, MaskFiles, Sample};
#[cfg(feature = "datasets")]
pub use selection::{AnomalyCount, AnomalySelection};
#[cfg(feature = "datasets")]
pub use split_file::{SplitEntry, SplitFile};
pub use turn::Turn;
