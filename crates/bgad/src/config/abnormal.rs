//! How often abnormal training images are shown.

use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// How often abnormal training images are shown.
    pub struct AbnormalSettings in "abnormal." {
        /// How often a sub-epoch shows each abnormal training image unchanged, and how often, in addition, as
        /// a fresh CutPaste sample.
        pub repeats: usize = 5, allowed "at least 1";
        /// Whether to paste defects on normal images. If not, the abnormal image itself replaces each pasted
        /// sample.
        pub paste: bool = true;
    }
}

impl AbnormalSettings {
    pub(crate) fn check(&self) -> Result<()> {
        match self.repeats {
            0 => Err(self.refused("abnormal.repeats", 0)),
            _ => Ok(()),
        }
    }
}
