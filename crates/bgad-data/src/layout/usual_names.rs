//! What the usual names of folders say about the images in them.

/// Names of folders that are not a defect type.
const OTHERS: [&str; 12] = [
    "train",
    "training",
    "test",
    "testing",
    "val",
    "valid",
    "validation",
    "images",
    "image",
    "img",
    "unlabeled",
    "unlabelled",
];
/// Names that can mean nothing else, without separators and case.
const NORMAL: [&str; 14] = [
    "normal",
    "normals",
    "good",
    "ok",
    "defectfree",
    "nodefect",
    "nodefects",
    "nondefect",
    "nondefects",
    "nondefective",
    "nonanomaly",
    "nonanomalous",
    "anomalyfree",
    "flawless",
];
/// Words in names that suggest normal images, but not clearly.
const HINTS: [&str; 22] = [
    "normal",
    "normals",
    "nor",
    "good",
    "goods",
    "ok",
    "okay",
    "clean",
    "free",
    "healthy",
    "intact",
    "perfect",
    "negative",
    "negatives",
    "pass",
    "passed",
    "undamaged",
    "reference",
    "without",
    "gut",
    "gutteile",
    "io",
];
/// Names of folders that usually hold masks or other labels.
const LABELS: [&str; 20] = [
    "mask",
    "masks",
    "label",
    "labels",
    "labelled",
    "annotation",
    "annotations",
    "ann",
    "gt",
    "groundtruth",
    "ground_truth",
    "ground-truth",
    "ground truth",
    "seg",
    "segmentation",
    "segmentations",
    "mask_images",
    "heatmaps",
    "overlay",
    "overlays",
];
/// Words that negate the others.
const NEGATIONS: [&str; 4] = ["not", "non", "no", "nicht"];

/// Whether a folder of this name holds normal images. A number before the name does not matter, as in
/// `0.normal`.
pub(super) fn is_normal(name: &str) -> bool {
    let name = name.trim_start_matches(|c: char| c.is_ascii_digit() || is_separator(c));
    let letters: String = name.split(is_separator).collect();
    NORMAL.contains(&letters.to_lowercase().as_str())
}

/// Whether the name suggests normal images, but not clearly enough.
pub(super) fn may_be_normal(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = || name.split(|c: char| !c.is_alphanumeric());
    let has = |wanted: &[&str]| words().any(|word| wanted.contains(&word));
    is_normal(&name) || has(&HINTS) && !has(&NEGATIONS)
}

/// Whether the name says more than that the images are normal, as `normal_test` does.
pub(super) fn contains_normal(name: &str) -> bool {
    const WORDS: [&str; 6] = ["normal", "normals", "good", "goods", "ok", "okay"];
    let name = name.to_lowercase();
    let words = || name.split(|c: char| !c.is_alphabetic());
    words().any(|word| WORDS.contains(&word)) && !words().any(|word| NEGATIONS.contains(&word))
}

/// Whether the name is that of another folder with a negation, such as `no_crack` beside `crack`.
pub(super) fn negates(name: &str, other: &str) -> bool {
    let (name, other) = (name.to_lowercase(), other.to_lowercase());
    let negations = NEGATIONS.iter().chain(&["un", "without"]);
    let mut rests = negations.filter_map(|negation| name.strip_prefix(negation));
    rests.any(|rest| rest.trim_start_matches(is_separator) == other)
}

/// Whether a folder of this name is not a defect type.
pub(super) fn is_no_type(name: &str) -> bool {
    OTHERS.contains(&name.to_lowercase().as_str())
}

/// Whether a folder of this name usually holds masks.
pub(super) fn is_of_labels(name: &str) -> bool {
    LABELS.contains(&name.to_lowercase().as_str())
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '_' | '-' | ' ')
}
