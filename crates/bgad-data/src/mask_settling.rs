//! One rule for the masks of a data set.

use std::path::Path;

use crate::{Dataset, MaskDecision, MaskValues, Orientation, Result, mask_decision};

impl Dataset {
    /// Decides which values of the masks mark a defect, once over all of them, and has all samples
    /// read by it. None if there are no masks. Masks that cannot be read are left to load time.
    ///
    /// Settle the masks before a split is narrowed: the rule then depends on the data set alone.
    ///
    /// # Errors
    /// [`DataError::UnclearMaskValues`](crate::DataError::UnclearMaskValues) if `chosen` is [`MaskValues::Auto`] and the values allow
    /// several rules.
    pub fn settle_mask_values(&mut self, chosen: &MaskValues) -> Result<Option<MaskDecision>> {
        let decision = self.decide_mask_values(chosen)?;
        if let Some(decision) = &decision {
            // 0 and 255 are what everybody expects; anything else is said.
            if decision.values != MaskValues::Half && chosen.is_auto() {
                self.warnings.push(format!(
                    "{}: masks read by the rule {}: {}",
                    self.root.display(),
                    decision.values,
                    decision.reason
                ));
            }
            for sample in self.train.iter_mut().chain(&mut self.test) {
                sample.mask_values = decision.values.clone();
            }
        }
        self.mask_decision = decision.clone();
        Ok(decision)
    }

    /// Settles the masks as [`MaskValues::Auto`] where nobody has settled them yet: what training and
    /// evaluation do with a data set that comes straight from its layout.
    ///
    /// # Errors
    /// As [`settle_mask_values`](Self::settle_mask_values).
    pub fn settle_open_masks(&mut self) -> Result<()> {
        let is_open = self.samples().all(|sample| sample.mask_values.is_auto());
        if self.mask_decision.is_none() && is_open {
            self.settle_mask_values(&MaskValues::Auto)?;
        }
        Ok(())
    }

    /// The same without a change: what would be decided.
    ///
    /// # Errors
    /// As [`settle_mask_values`](Self::settle_mask_values).
    pub fn decide_mask_values(&self, chosen: &MaskValues) -> Result<Option<MaskDecision>> {
        let mut files: Vec<(&Path, Orientation)> = Vec::new();
        for sample in self.samples() {
            let masks = sample.mask.iter().flat_map(|mask| mask.paths());
            files.extend(masks.map(|path| (path, sample.orientation)));
        }
        files.sort_unstable_by_key(|(path, _)| *path);
        files.dedup_by_key(|(path, _)| *path);
        if files.is_empty() {
            return Ok(None);
        }
        mask_decision::decide(&self.root, &files, chosen).map(Some)
    }
}
