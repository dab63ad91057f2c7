//! `bgad learn`: which values of a lesson's masks mark the defect.

use image::{GrayImage, Luma};

use crate::run_to_teach::{Case, content};

const DENT: &str = "parts/test/dent/000.png";

/// A small bright spot with wide soft edges. Alone, it could be a picture or a mask.
fn soft(case: &Case) {
    let mask = GrayImage::from_fn(64, 64, |x, y| {
        let distance = f64::from(x).hypot(f64::from(y) - 30.0);
        Luma([(255.0 - 12.0 * distance).max(0.0) as u8])
    });
    mask.save(case.path("soft.png")).unwrap();
}

/// The pixels that the run has learned as the defect's.
fn taught_pixels(case: &Case, run: &str) -> usize {
    let taught = content(&case.path(run).join("taught"));
    let mut files = taught.keys();
    let mask = files.find(|path| path.to_string_lossy().ends_with("_mask.png"));
    let mask = image::open(mask.unwrap()).unwrap().into_luma8();
    mask.pixels().filter(|pixel| pixel.0[0] > 0).count()
}

#[test]
fn masks_are_read_by_the_rule_of_the_run() {
    let case = Case::new(&["--no-report"]);
    soft(&case);
    let image = image::open(case.path("soft.png")).unwrap().into_luma8();
    let above = |value: u8| image.pixels().filter(|pixel| pixel.0[0] > value).count();

    // The run's masks are black and white.
    let result = case.learned("run", "soft", &["--missed", DENT, "--mask", "soft.png"]);
    assert_eq!(taught_pixels(&case, "soft"), above(127));
    assert!(!result["warnings"].to_string().contains("lesson's masks"));

    let chosen = [
        "--missed",
        DENT,
        "--mask",
        "soft.png",
        "--mask-values",
        "above:200",
    ];
    case.learned("run", "chosen", &chosen);
    assert_eq!(taught_pixels(&case, "chosen"), above(200));
}

#[test]
fn masks_from_another_program_are_read_by_their_own_values() {
    let case = Case::new(&["--no-report"]);
    let ones = GrayImage::from_fn(64, 64, |x, y| Luma([u8::from(x < 5 && y < 4)]));
    ones.save(case.path("ones.png")).unwrap();
    let result = case.learned("run", "ones", &["--missed", DENT, "--mask", "ones.png"]);
    assert_eq!(taught_pixels(&case, "ones"), 20);
    let warnings = result["warnings"].to_string();
    assert!(
        warnings.contains("nonzero") && warnings.contains("half"),
        "{warnings}"
    );
    let refused = case.refused(&[
        "--missed",
        DENT,
        "--mask",
        "ones.png",
        "--mask-values",
        "half",
    ]);
    assert!(refused.contains("ones.png marks no pixel"), "{refused}");
}

#[test]
fn unclear_masks_name_the_option_where_the_run_has_none() {
    let case = Case::without_masks();
    soft(&case);
    let refused = case.refused(&["--missed", DENT, "--mask", "soft.png"]);
    assert!(
        refused.contains("soft.png") && refused.contains("--mask-values"),
        "{refused}"
    );
    let half = [
        "--missed",
        DENT,
        "--mask",
        "soft.png",
        "--mask-values",
        "half",
    ];
    case.learned("run", "half", &half);
}
