//! The memory of normal positions that scores draw on beside the flows.

use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// The memory of normal positions that scores draw on beside the flows.
    pub struct MemoryBankSettings in "memory_bank." {
        /// Normal features of positions that the model keeps. Scores draw on how far each position of an
        /// image lies from the nearest of them; 0: they don't.
        pub size: usize = 8000, paper 0, allowed "0 to 100000 positions";
        /// Let scores also draw on how far each position lies in the direction of the abnormal training
        /// images' defects, by Fisher's linear discriminant. It needs a memory bank.
        pub discriminant: bool = true, paper false;
    }
}

/// More would make a prediction slower than the backbone by far.
const LARGEST: usize = 100_000;

impl MemoryBankSettings {
    pub(crate) fn check(&self) -> Result<()> {
        match self.size {
            0..=LARGEST => Ok(()),
            found => Err(self.refused("memory_bank.size", found)),
        }
    }
}
