//! How abnormal training images are shown.

use super::declaration::settings;
use crate::error::{Error, Result};

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
            0 => Err(Error::setting("abnormal.repeats", 0, "at least 1")),
            _ => Ok(()),
        }
    }
}
