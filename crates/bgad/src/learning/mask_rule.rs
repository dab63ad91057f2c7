//! Decides which values of a lesson's masks mark a defect.

use std::path::Path;

use bgad_data::{Dataset, Mask, MaskFiles, MaskValues, Orientation, Sample};

use super::lesson::{DefectPlace, Lesson};
use crate::error::Result;

/// The rule for reading a lesson's masks.
pub(super) struct MaskRule {
    pub values: MaskValues,
    /// Set if the run reads its own masks by another rule.
    pub warning: Option<String>,
}

impl MaskRule {
    /// Chooses the rule: the one that the lesson names, or else the one by which the run reads its own
    /// masks, because both usually come from the same source and a few masks may not show what their values
    /// mean. If the run's rule marks no pixel in one of the lesson's masks, they come from another source,
    /// and their own values decide.
    ///
    /// `own` are the run's samples that were not taught.
    ///
    /// # Errors
    /// If a mask can't be read, or the values of the masks are ambiguous.
    pub fn of<'a>(
        lesson: &Lesson,
        own: impl Iterator<Item = &'a Sample>,
        orientation: Orientation,
    ) -> Result<Self> {
        let mut masks = lesson
            .missed
            .iter()
            .filter_map(|missed| match &missed.place {
                DefectPlace::Mask(mask) => Some((missed.image.as_path(), mask.as_path())),
                _ => None,
            });
        let settled = |values| Self {
            values,
            warning: None,
        };
        if lesson.mask_values != MaskValues::Auto {
            return Ok(settled(lesson.mask_values.clone()));
        }
        let of_run = rule_of(own);
        if let Some(values) = &of_run {
            let marked = |mask: &Path| Ok(!Mask::load_as(mask, orientation, values)?.is_empty());
            let each: Result<Vec<bool>> = masks.clone().map(|(_, mask)| marked(mask)).collect();
            if each?.into_iter().all(|marked| marked) {
                return Ok(settled(values.clone()));
            }
        }
        let Some((_, first)) = masks.clone().next() else {
            return Ok(settled(MaskValues::Auto));
        };
        let root = first.parent().unwrap_or(Path::new("")).to_owned();
        let samples = masks.by_ref().map(|(image, mask)| {
            let mut sample = Sample::abnormal(
                image.to_owned(),
                "taught",
                Some(MaskFiles::from(mask.to_owned())),
            );
            sample.orientation = orientation;
            sample
        });
        let together = Dataset {
            root,
            train: samples.collect(),
            ..Dataset::default()
        };
        let Some(decision) = together.decide_mask_values(&MaskValues::Auto)? else {
            return Ok(settled(MaskValues::Auto));
        };
        let warning = of_run.map(|of_run| {
            format!(
                "the lesson's masks are read by the rule {} ({}), because the run's rule, {of_run}, marks no \
                 pixel in one of them; `--mask-values` sets another rule",
                decision.values, decision.reason
            )
        });
        Ok(Self {
            values: decision.values,
            warning,
        })
    }
}

/// The rule of these samples' masks, if all have the same.
fn rule_of<'a>(samples: impl Iterator<Item = &'a Sample>) -> Option<MaskValues> {
    let mut rules = samples.filter(|sample| sample.mask.is_some());
    let first = rules.next()?.mask_values.clone();
    let is_one = first != MaskValues::Auto && rules.all(|sample| sample.mask_values == first);
    is_one.then_some(first)
}
