//! One rule for the masks of a data set.

use std::path::Path;

use crate::{Dataset, MaskDecision, MaskValues, Orientation, Result, mask_decision};

impl Dataset {
    /// Decides, over all masks together, which values mark a defect, and sets that rule for all samples.
    /// `None` without masks. Masks that cannot be read are reported when they are loaded.
    ///
    /// Call this before you narrow a split: the rule then depends on the data set alone.
    ///
    /// # Errors
    /// [`DataError::UnclearMaskValues`](crate::DataError::UnclearMaskValues) if `chosen` is
    /// [`MaskValues::Auto`] and the values allow several rules.
    pub fn settle_mask_values(&mut self, chosen: &MaskValues) -> Result<Option<MaskDecision>> {
        let decision = self.decide_mask_values(chosen)?;
        if let Some(decision) = &decision {
            // 0 and 255 are what everybody expects; anything else is worth a warning.
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

    /// Settles the masks by [`MaskValues::Auto`] unless that was done already. Training and evaluation call
    /// this on data sets that come straight from their layout.
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

    /// Like [`settle_mask_values`](Self::settle_mask_values), but only returns the decision.
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
