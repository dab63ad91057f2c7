//! How often abnormal training images are shown.

use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// How often abnormal training images are shown.
    pub struct AbnormalSettings in "abnormal." {
        /// How often each abnormal training image is shown per sub-epoch as it is, and how often as a fresh
        /// CutPaste sample.
        pub repeats: usize = 5, allowed "at least 1";
        /// Whether to paste defects on normal images. Otherwise each pasted sample is replaced by the
        /// abnormal image itself.
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
