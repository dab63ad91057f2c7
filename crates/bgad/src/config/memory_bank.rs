//! The memory bank of normal positions.

use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// The memory bank of normal positions, which scores use in addition to the flows.
    pub struct MemoryBankSettings in "memory_bank." {
        /// How many positions' normal features the model stores. Scores use each position's distance to the
        /// nearest of them. 0: no memory bank.
        pub size: usize = 8000, paper 0, allowed "0 to 100000 positions";
        /// How many contexts, means of wide neighbourhoods of normal positions, the model stores. Score maps use
        /// the distance of each position's context to the nearest of them, which shows wide defects; so do image
        /// scores if whole images are scored as well. 0: none. They need a memory bank.
        pub contexts: usize = 2000, paper 0, allowed "0 to 100000 contexts";
        /// Whether scores also use how far each position lies from normal ones at the same place, by Gaussians, if
        /// normal images show the same thing at the same place. It needs a memory bank, and has no effect at image
        /// granularity.
        pub gaussians: bool = true, paper false;
        /// Whether scores also use how far each position lies in the direction of the abnormal training
        /// images' defects, by Fisher's linear discriminant, and how much it looks like one of them. It needs a
        /// memory bank.
        pub discriminant: bool = true, paper false;
    }
}

/// More would make a prediction far slower than the backbone.
const LARGEST: usize = 100_000;

impl MemoryBankSettings {
    pub(crate) fn check(&self) -> Result<()> {
        for (name, found) in [
            ("memory_bank.size", self.size),
            ("memory_bank.contexts", self.contexts),
        ] {
            if found > LARGEST {
                return Err(self.refused(name, found));
            }
        }
        Ok(())
    }
}
