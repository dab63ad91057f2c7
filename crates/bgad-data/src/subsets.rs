//! The hard defect types of MVTec AD (the paper's Table 7).
//!
//! Table 5 trains on abnormal images of the easy types and tests on the hard ones, which the model has never
//! seen: call [`Dataset::choose_anomalies`](crate::Dataset::choose_anomalies) with the type `easy`, then
//! [`Dataset::test_only`](crate::Dataset::test_only) with the type `hard`.

/// Categories and their hard types.
const HARD: [(&str, &[&str]); 15] = [
    ("carpet", &["thread"]),
    ("grid", &["glue", "bent"]),
    ("leather", &["cut"]),
    ("tile", &["rough"]),
    ("wood", &["scratch"]),
    ("bottle", &["contamination"]),
    ("cable", &["cable_swap", "missing_wire", "poke_insulation"]),
    ("capsule", &["faulty_imprint", "poke", "scratch"]),
    ("hazelnut", &["cut"]),
    ("metal_nut", &["scratch"]),
    ("pill", &["crack", "scratch"]),
    ("screw", &["manipulated_front", "thread_side"]),
    ("toothbrush", &["defective"]),
    ("transistor", &["damaged_case"]),
    ("zipper", &["fabric_interior", "squeezed_teeth"]),
];

/// The hard defect types of a category of MVTec AD; all its other types are easy. `None` for a category that
/// is not in the table.
///
/// ```
/// assert_eq!(bgad_data::subsets::hard_types("grid"), Some(&["glue", "bent"][..]));
/// assert_eq!(bgad_data::subsets::hard_types("teapot"), None);
/// ```
pub fn hard_types(category: &str) -> Option<&'static [&'static str]> {
    HARD.iter()
        .find(|(name, _)| *name == category)
        .map(|(_, types)| *types)
}
