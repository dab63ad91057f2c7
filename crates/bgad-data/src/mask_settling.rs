//! One rule for the masks of a data set.

use crate::{DataError, Dataset, MaskDecision, MaskValues, Result, Sample, mask_decision};

impl Dataset {
    /// Decides, over all masks together, which values mark a defect, and sets that rule for all samples.
    /// `None` without masks. Masks that cannot be read are reported when they are loaded.
    ///
    /// Call this before you narrow a split: the rule then depends on the data set alone.
    ///
    /// # Errors
    /// [`DataError::UnclearMaskValues`](crate::DataError::UnclearMaskValues) if `chosen` is
    /// [`MaskValues::Auto`] and the values allow several rules; [`DataError::Parameter`] if the masks told
    /// normal from abnormal images by another rule ([`Layout::read_with`](crate::Layout::read_with)).
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
    /// Samples that were added later are read by the rule of the others, or by one of their own if the others
    /// have several.
    ///
    /// # Errors
    /// As [`settle_mask_values`](Self::settle_mask_values).
    pub fn settle_open_masks(&mut self) -> Result<()> {
        let is_auto = |sample: &Sample| sample.mask_values.is_auto();
        if self.labelled_by_masks {
            // Its abnormal samples have the rule already.
            if self.samples().any(is_auto) {
                self.settle_mask_values(&MaskValues::Auto)?;
            }
            return Ok(());
        }
        let masked = self.samples().filter(|sample| sample.mask.is_some());
        let (open, settled): (Vec<Sample>, Vec<Sample>) = masked.cloned().partition(is_auto);
        let mut settled = settled.into_iter().map(|sample| sample.mask_values);
        let Some(first) = settled.next() else {
            if self.samples().all(is_auto) {
                self.settle_mask_values(&MaskValues::Auto)?;
            }
            return Ok(());
        };
        if open.is_empty() {
            return Ok(());
        }
        let rule = match settled.all(|rule| rule == first) {
            true => first,
            false => {
                let decision = mask_decision::decide_for(&self.root, &open, &MaskValues::Auto)?;
                decision.map_or(MaskValues::Auto, |decision| decision.values)
            }
        };
        for sample in self.train.iter_mut().chain(&mut self.test) {
            if sample.mask_values.is_auto() {
                sample.mask_values = rule.clone();
            }
        }
        Ok(())
    }

    /// Like [`settle_mask_values`](Self::settle_mask_values), but only returns the decision.
    ///
    /// # Errors
    /// As [`settle_mask_values`](Self::settle_mask_values).
    pub fn decide_mask_values(&self, chosen: &MaskValues) -> Result<Option<MaskDecision>> {
        let Some(read_by) = self
            .mask_decision
            .as_ref()
            .filter(|_| self.labelled_by_masks)
        else {
            return mask_decision::decide_for(&self.root, self.samples(), chosen);
        };
        if chosen.is_auto() || *chosen == read_by.values {
            return Ok(Some(read_by.clone()));
        }
        Err(DataError::Parameter {
            name: "mask values",
            found: chosen.to_string(),
            expected: format!(
                "{}, the rule by which normal and abnormal images were told apart; read the layout with the other rule",
                read_by.values
            ),
        })
    }
}
