//! The settings of CutPaste.

use serde::{Deserialize, Serialize};

use crate::{DataError, Foreground, MaskValues, Result};

/// The number of transformations.
pub(super) const OPERATIONS: usize = 9;
/// Most pastes on one image.
const MOST_PASTES: usize = 64;
/// Widest blended edge in pixels.
const WIDEST_BLEND: u32 = 256;

/// Transforms an abnormal image at random, cuts out its defect, and pastes it at a random place on a normal
/// image.
///
/// ```
/// use bgad_data::{CutPaste, Mask, RgbImage, Sample, sample_rng};
/// use image::Rgb;
///
/// # fn main() -> bgad_data::Result<()> {
/// let abnormal = RgbImage::from_pixel(32, 32, Rgb([200, 200, 200]));
/// let defect = Mask::new(32, 32, (0..32 * 32).map(|i| i % 32 < 4).collect())?;
/// let normal = RgbImage::from_pixel(32, 32, Rgb([20, 60, 20]));
/// let cut_paste = CutPaste { blend: 1, ..CutPaste::default() };
/// let foreground = cut_paste.foreground_of(&normal, &Sample::normal("normal.png".into()))?;
/// let mut rng = sample_rng(0, 0, 0);
/// let (_, mask) = cut_paste.paste(&abnormal, &defect, &normal, foreground.as_ref(), &mut rng)?;
/// assert!(!mask.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CutPaste {
    /// How many different transformations, of nine, are applied before the cut ("S" in the paper).
    pub transformations: usize,
    /// Where on a normal image defects may be pasted.
    pub foreground: Foreground,
    /// Which values of the masks of [`Foreground::Masks`] mark the foreground. `settle_foreground` replaces
    /// [`MaskValues::Auto`] by the rule that all of them together imply.
    pub foreground_values: MaskValues,
    /// Whether each connected region of a mask is placed separately instead of all together.
    pub separate_regions: bool,
    /// How often a defect is cut and pasted on one image, each time with a new transformation and place.
    pub pastes: usize,
    /// How many pixels, from the edge inwards, are blended with the normal image; 0 for a hard edge.
    pub blend: u32,
}

impl Default for CutPaste {
    fn default() -> Self {
        Self {
            transformations: 3,
            foreground: Foreground::default(),
            foreground_values: MaskValues::Auto,
            separate_regions: false,
            pastes: 1,
            blend: 0,
        }
    }
}

impl CutPaste {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`DataError::Parameter`] for more than nine transformations, for no paste or more than 64, or for an
    /// edge of more than 256 pixels.
    pub fn check(&self) -> Result<()> {
        let parameter = |name, found: String, expected: String| DataError::Parameter {
            name,
            found,
            expected,
        };
        if self.transformations > OPERATIONS {
            return Err(parameter(
                "cut_paste.transformations",
                self.transformations.to_string(),
                format!("0 to {}", OPERATIONS),
            ));
        }
        if !(1..=MOST_PASTES).contains(&self.pastes) {
            return Err(parameter(
                "cut_paste.pastes",
                self.pastes.to_string(),
                format!("1 to {MOST_PASTES}"),
            ));
        }
        if self.blend > WIDEST_BLEND {
            return Err(parameter(
                "cut_paste.blend",
                self.blend.to_string(),
                format!("0 to {WIDEST_BLEND} pixels"),
            ));
        }
        Ok(())
    }
}
