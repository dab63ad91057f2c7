//! How abnormal training images are shown.

use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// How abnormal training images are shown.
    pub struct AbnormalSettings in "abnormal." {
        /// How often each abnormal training image is shown in a sub-epoch as it is, and again how often
        /// as a fresh CutPaste sample.
        pub repeats: usize = 5, allowed "at least 1";
        /// Whether samples are pasted at all; without it the abnormal images are shown as they are instead,
        /// equally often.
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
