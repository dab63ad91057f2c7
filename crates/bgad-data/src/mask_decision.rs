//! Decides once, for all masks of a data set, which values mark a defect.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use crate::mask_file::{MaskFile, Survey};
use crate::{DataError, ForegroundError, MaskFiles, MaskValues, Orientation, Result, Sample};

/// Most distinct values that can be class numbers; more are soft edges or a picture.
const MOST_CLASSES: usize = 32;
/// Most values shown in a message.
const SHOWN: usize = 12;
/// Soft edges, from resizing or a lossy format, have at least this many shades.
const FEWEST_SOFT: usize = 8;
/// A lossy format leaves at least this many values near white; class numbers leave fewer there.
const FEWEST_STRAY: usize = 3;
/// Defects that cover more than this share of all masks are probably the background.
const LARGEST_SHARE: f64 = 0.75;

/// The rule for reading a data set's masks, and the reason for it.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MaskDecision {
    /// The rule; never [`MaskValues::Auto`].
    pub values: MaskValues,
    /// What was found in the masks, or that the user chose the rule.
    pub reason: String,
}

impl MaskDecision {
    fn chosen(values: &MaskValues) -> Self {
        Self {
            values: values.clone(),
            reason: "chosen".to_owned(),
        }
    }
}

/// Decides for all masks of these samples together; `None` without masks.
pub(crate) fn decide_for<'a>(
    folder: &Path,
    samples: impl IntoIterator<Item = &'a Sample>,
    chosen: &MaskValues,
) -> Result<Option<MaskDecision>> {
    let mut files: Vec<(&Path, Orientation)> = Vec::new();
    for sample in samples {
        let masks = sample.mask.iter().flat_map(MaskFiles::paths);
        files.extend(masks.map(|path| (path, sample.orientation)));
    }
    files.sort_unstable_by_key(|(path, _)| *path);
    files.dedup_by_key(|(path, _)| *path);
    match files.is_empty() {
        true => Ok(None),
        false => decide(folder, &files, chosen).map(Some),
    }
}

/// Decides for these files; `folder` is named in errors.
fn decide(
    folder: &Path,
    files: &[(&Path, Orientation)],
    chosen: &MaskValues,
) -> Result<MaskDecision> {
    let judge =
        |survey: &Survey| from_survey(survey).and_then(|decision| small_defects(survey, decision));
    decide_by(files, chosen, judge).map_err(|(found, example)| DataError::UnclearMaskValues {
        folder: folder.to_owned(),
        found,
        example,
    })
}

/// Decides for foreground masks, which may cover most of their images.
pub(crate) fn decide_foreground(
    folder: &Path,
    files: &[(&Path, Orientation)],
    chosen: &MaskValues,
) -> Result<MaskDecision> {
    decide_by(files, chosen, from_survey).map_err(|(found, example)| {
        ForegroundError::Unclear {
            folder: folder.to_owned(),
            found,
            example,
        }
        .into()
    })
}

/// The chosen rule, or else what `judge` finds in all files together. If that is unclear, what was found, and
/// the file that shows it best.
fn decide_by(
    files: &[(&Path, Orientation)],
    chosen: &MaskValues,
    judge: impl Fn(&Survey) -> std::result::Result<MaskDecision, String>,
) -> std::result::Result<MaskDecision, (String, PathBuf)> {
    if !chosen.is_auto() {
        return Ok(MaskDecision::chosen(chosen));
    }
    let (survey, example) = surveyed(files);
    judge(&survey).map_err(|found| (found, example))
}

/// What the readable files contain together, and the one with the most values, the clearest example.
fn surveyed(files: &[(&Path, Orientation)]) -> (Survey, PathBuf) {
    let surveys: Vec<Option<Survey>> = files
        .par_iter()
        .map(|(path, orientation)| {
            let file = MaskFile::read(path, *orientation, &MaskValues::Auto).ok()?;
            Some(Survey::of(&file))
        })
        .collect();
    let examples = files
        .iter()
        .zip(&surveys)
        .filter_map(|((path, _), survey)| Some((*path, survey.as_ref()?)));
    let example = examples.max_by_key(|(_, survey)| survey.values.len());
    let example = example.map_or_else(PathBuf::new, |(path, _)| path.to_owned());
    let all = surveys.into_iter().flatten();
    (all.fold(Survey::default(), Survey::joined), example)
}

/// The rule that the values imply, or what was found.
pub(crate) fn from_survey(survey: &Survey) -> std::result::Result<MaskDecision, String> {
    let values = listed(survey);
    let decision = |values, reason: String| Ok(MaskDecision { values, reason });
    if survey.with_both > 0 {
        return Err(format!(
            "{} with transparent parts, whose opaque parts are partly black",
            crate::text::count(survey.with_both, "mask")
        ));
    }
    if survey.with_alpha > 0 {
        if survey.with_alpha + survey.of_one_value < survey.files {
            let others = survey.files - survey.with_alpha;
            let masks = crate::text::count(survey.with_alpha, "mask");
            return Err(format!(
                "{masks} with transparent parts and {others} without"
            ));
        }
        return decision(MaskValues::Alpha, "marked by opacity".to_owned());
    }
    if survey.files == 0 {
        let reason = "none of the masks can be read".to_owned();
        return decision(MaskValues::NonZero, reason);
    }
    if survey.low + survey.high == 0 {
        return decision(MaskValues::NonZero, "nothing is marked".to_owned());
    }
    // Without a background, no defect can stand out.
    if survey.with_black == 0 && survey.of_one_value < survey.files {
        let colours = match survey.colours.len() {
            0 => String::new(),
            number => format!(
                " and {} on it, which no rule can distinguish unless the files have palettes: save them as white on black",
                crate::text::count(number, "colour")
            ),
        };
        return Err(format!("{values}, no black background{colours}"));
    }
    let distinct = survey.values.len();
    if survey.has_labels_in_colour() && distinct <= MOST_CLASSES {
        let number = crate::text::count(survey.colours.len(), "colour");
        return decision(MaskValues::NonZero, format!("{number} on black"));
    }
    if survey.low == 0 {
        return decision(MaskValues::Half, values);
    }
    if survey.high == 0 {
        return match distinct <= MOST_CLASSES {
            true => decision(MaskValues::NonZero, format!("class numbers: {values}")),
            false => Err(format!("{values}, none above half")),
        };
    }
    let is_soft = survey.shades.len() >= FEWEST_SOFT || survey.nearly_white.len() >= FEWEST_STRAY;
    if is_soft && survey.between <= 2 * survey.white {
        let reason = "shades between black and white, few of them: soft edges".to_owned();
        return decision(MaskValues::Half, reason);
    }
    Err(values)
}

/// The decision, unless the defects would cover most of all masks.
fn small_defects(
    survey: &Survey,
    decision: MaskDecision,
) -> std::result::Result<MaskDecision, String> {
    let marked = match decision.values {
        MaskValues::Half => survey.share(survey.high),
        MaskValues::NonZero => survey.share(survey.low + survey.high),
        _ => return Ok(decision),
    };
    if survey.with_black == 0 || marked <= LARGEST_SHARE {
        return Ok(decision);
    }
    let black = ((1.0 - marked) * 100.0).round();
    let values = listed(survey);
    Err(format!(
        "{values}, where black covers only {black} % of all masks and may be the defect (--mask-values 0)"
    ))
}

/// The values found; of many, the first few.
fn listed(survey: &Survey) -> String {
    let distinct = survey.values.len();
    let shown: Vec<String> = survey
        .values
        .keys()
        .take(SHOWN)
        .map(u16::to_string)
        .collect();
    let mut text = format!("the values {}", shown.join(", "));
    if distinct > SHOWN {
        let last = survey
            .values
            .keys()
            .next_back()
            .copied()
            .unwrap_or_default();
        text.push_str(&format!(" and {} more up to {last}", distinct - SHOWN));
    }
    text
}
