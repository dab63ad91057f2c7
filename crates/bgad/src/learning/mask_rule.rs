//! Which values of a lesson's masks mark a defect.

use std::path::Path;

use bgad_data::{Dataset, Mask, MaskFiles, MaskValues, Orientation, Sample};

use super::lesson::{DefectPlace, Lesson};
use crate::error::Result;

/// The rule for the masks of a lesson.
pub(super) struct MaskRule {
    pub values: MaskValues,
    /// Said where the run's own masks are read by another rule.
    pub warning: Option<String>,
}

impl MaskRule {
    /// The rule that the lesson names. Otherwise the one by which the run reads its own masks, because a
    /// lesson's masks come from the same source more often than not, and a handful alone may not show what
    /// their values mean. Where that rule leaves one of them without a marked pixel, they come from
    /// another source and are judged together by their own values.
    ///
    /// `own` are the samples of the run that were not taught.
    ///
    /// # Errors
    /// A mask that can't be read; masks whose values are unclear.
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
                "the lesson's masks are read by the rule {} ({}), the run's by {of_run}, which leaves one of \
                 the lesson's without a marked pixel; `--mask-values` chooses",
                decision.values, decision.reason
            )
        });
        Ok(Self {
            values: decision.values,
            warning,
        })
    }
}

/// The one rule by which all masks of these samples are read.
fn rule_of<'a>(samples: impl Iterator<Item = &'a Sample>) -> Option<MaskValues> {
    let mut rules = samples.filter(|sample| sample.mask.is_some());
    let first = rules.next()?.mask_values.clone();
    let is_one = first != MaskValues::Auto && rules.all(|sample| sample.mask_values == first);
    is_one.then_some(first)
}
