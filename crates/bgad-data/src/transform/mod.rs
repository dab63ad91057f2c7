//! The nine augmentation operations of CutPaste, computed like Pillow's.
//!
//! | operation | equal to |
//! |---|---|
//! | [`autocontrast`], [`equalize`], [`posterize`], [`solarize`] | `PIL.ImageOps` |
//! | [`brightness`], [`sharpness`] | `PIL.ImageEnhance` |
//! | [`rotate`], [`shear`], [`translate`] | `Image.rotate`, `Image.transform(AFFINE)`: nearest pixel, black fill |
//!
//! The geometric ones have a counterpart for masks.

mod affine;
mod histogram;
mod tone;

pub use affine::{rotate, rotate_mask, shear, shear_mask, translate, translate_mask};
pub use histogram::{autocontrast, equalize};
pub use tone::{brightness, posterize, sharpness, solarize};

pub(crate) use affine::nearest_sources;
