//! Parameters of the synthetic set.

use serde::{Deserialize, Serialize};

use crate::{DataError, Result};

/// How many images to draw, and how large.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticConfig {
    /// Width and height of every image, in pixels: 64 to 1024.
    pub image_size: u32,
    /// Normal training images, at least 1.
    pub train_images: usize,
    /// Normal test images.
    pub test_images: usize,
    /// Abnormal test images per type of defect.
    pub abnormal_per_type: usize,
    /// Strength of the defects, from 0.25 to 4: at 1 you have to look for them, 2 is easy to see, 0.5 is
    /// hard.
    pub contrast: f32,
    /// Seed of everything random; the same seed gives the same bytes.
    pub seed: u64,
}

impl Default for SyntheticConfig {
    fn default() -> Self {
        Self {
            image_size: 256,
            train_images: 60,
            test_images: 20,
            abnormal_per_type: 8,
            contrast: 1.0,
            seed: 0,
        }
    }
}

impl SyntheticConfig {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`DataError::Parameter`] for the first value out of range.
    pub fn check(&self) -> Result<()> {
        let parameter = |name, found: String, expected: &str| {
            Err(DataError::Parameter {
                name,
                found,
                expected: expected.to_owned(),
            })
        };
        if !(64..=1024).contains(&self.image_size) {
            return parameter(
                "image_size",
                self.image_size.to_string(),
                "64 to 1024 pixels",
            );
        }
        if self.train_images == 0 {
            return parameter("train_images", "0".to_owned(), "at least 1");
        }
        if !(0.25..=4.0).contains(&self.contrast) {
            return parameter("contrast", self.contrast.to_string(), "0.25 to 4");
        }
        Ok(())
    }
}
