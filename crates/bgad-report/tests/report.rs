//! The report through its public functions.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod sample;
mod well_formed;

use std::fs;

use bgad_report::{
    LevelHistogram, MaskPicture, ReportData, ReportError, ReportOptions, RgbPicture, pca_2d,
    render_html, write_report,
};
use sample::{HOSTILE, full, small_entry};
use well_formed::assert_well_formed;

fn render(data: &ReportData) -> String {
    render_html(data, &ReportOptions::default()).unwrap()
}

#[test]
fn each_missing_part_is_explained_in_one_sentence() {
    let html = render(&ReportData::default());
    assert_well_formed(&html);
    for sentence in [
        "No metrics were given.",
        "No threshold was given",
        "No curves were given.",
        "No types of defects were given.",
        "No history of meta-epochs was given.",
        "No log-likelihoods of features were given.",
        "No features were given to show in the plane.",
        "No images were given for the gallery.",
        "No scores of images were given.",
        "No settings were given.",
    ] {
        assert_eq!(html.matches(sentence).count(), 1, "{sentence}");
    }
    assert!(!html.contains("<svg"));
}

#[test]
fn without_a_threshold_nothing_is_called_missed_or_passed() {
    let mut data = full("part", 6);
    data.threshold = None;
    for (index, entry) in data.gallery.iter_mut().enumerate() {
        entry.threshold = None;
        entry.score = index as f32 - 2.0;
    }
    let html = render(&data);
    assert_well_formed(&html);
    assert_eq!(html.matches("no threshold").count(), data.gallery.len());
    assert_eq!(html.matches(">undecided<").count(), data.gallery.len());
    for outcome in ["missed", "false alarm", "found", "passed"] {
        assert!(!html.contains(&format!(">{outcome}")), "{outcome}");
    }
    let scores = html.split(" · score ").skip(1);
    let scores = scores.map(|rest| rest.split(' ').next().unwrap().replace('−', "-"));
    let scores: Vec<f32> = scores.map(|score| score.parse().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}

#[test]
fn a_curve_that_is_missing_is_named() {
    let mut data = full("name", 4);
    data.curves.truncate(1);
    let html = render(&data);
    assert!(html.contains("No precision-recall curve was given."));
    assert!(html.contains("No PRO curve was given."));
    assert!(!html.contains("No ROC curve was given."));
}

#[test]
fn every_text_is_escaped() {
    let html = render(&full(HOSTILE, 6));
    assert_well_formed(&html);
    assert!(!html.contains("<img src=x"));
    assert!(!html.contains("onerror=alert(1)>"));
    assert!(!html.contains('\u{202e}') && !html.contains('\u{0}'));
    // The two script tags are ours: one opens, one closes.
    assert_eq!(html.matches("<script").count(), 1);
    assert_eq!(html.matches("</script").count(), 1);
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"));
}

#[test]
fn the_page_loads_nothing() {
    let html = render(&full("name", 6));
    let text = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("url("));
    assert!(html.contains("default-src 'none'"));
    for (before, _) in html.match_indices("src=\"") {
        assert!(html[before..].starts_with("src=\"data:image/"));
    }
}

#[test]
fn every_picture_and_plot_has_words() {
    let html = render(&full("name", 6));
    let pictures = html.matches("<img ").count();
    assert_eq!(pictures, html.matches(" alt=\"").count());
    assert!(!html.contains(" alt=\"\""));
    assert_eq!(
        html.matches("<svg").count(),
        html.matches("role=\"img\" aria-label=\"").count()
    );
    assert!(html.contains("<html lang=\"en\">"));
    assert!(html.contains("name=\"viewport\""));
}

#[test]
fn errors_come_first_and_the_worst_of_them_first() {
    let mut data = ReportData::default();
    for (path, abnormal, score) in [
        ("passed-far", false, 0.1),
        ("found-near", true, 0.6),
        ("missed-near", true, 0.45),
        ("alarm-far", false, 0.9),
        ("found-far", true, 2.0),
        ("missed-far", true, 0.0),
    ] {
        data.gallery.push(small_entry(path, abnormal, score));
    }
    let html = render(&data);
    let order: Vec<&str> = html
        .split("<span class=\"path\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    let expected = [
        "missed-far",
        "alarm-far",
        "missed-near",
        "found-near",
        "passed-far",
        "found-far",
    ];
    assert_eq!(order, expected);
}

#[test]
fn five_hundred_images_stay_below_twenty_megabytes() {
    // Noise is the worst case, because it does not compress.
    let mut data = full("name", 0);
    let noisy = sample::noisy_entry(256);
    data.gallery = vec![noisy; 500];
    let html = render(&data);
    assert!(html.len() <= 20_000_000, "{} bytes", html.len());
    let shown = html.matches("<article ").count();
    assert_eq!(shown, 500);
    assert_well_formed(&html);
}

#[test]
fn the_limit_is_kept_whatever_it_is() {
    let data = full("name", 60);
    let fixed = ReportOptions {
        thumbnail_side: Some(224),
        ..ReportOptions::default()
    };
    let everything = render_html(&data, &fixed).unwrap().len();
    for max_bytes in [everything - 1, everything / 2 + 30_000] {
        let options = ReportOptions { max_bytes, ..fixed };
        let html = render_html(&data, &options).unwrap();
        assert!(html.len() <= max_bytes && html.contains("left out"));
    }
    let options = ReportOptions {
        max_bytes: 1000,
        ..ReportOptions::default()
    };
    assert!(matches!(
        render_html(&data, &options),
        Err(ReportError::TooLarge { limit: 1000, .. })
    ));
}

#[test]
fn page_and_parts_are_written_completely() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("run").join("report");
    let data = full(HOSTILE, 6);
    let files = write_report(&data, &target, &ReportOptions::default()).unwrap();
    assert_eq!(files.html, target.join("report.html"));
    assert_eq!(
        fs::metadata(&files.html).unwrap().len(),
        files.html_bytes as u64
    );
    assert_eq!(files.gallery_shown, 6);
    let names: Vec<_> = files
        .parts
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    for name in [
        "roc.svg",
        "precision_recall.svg",
        "pro.svg",
        "history.svg",
        "histogram_1.svg",
        "embedding_1.svg",
        "gallery_001.png",
    ] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    for path in &files.parts {
        if path.extension().unwrap() == "svg" {
            assert_well_formed(&fs::read_to_string(path).unwrap());
        } else {
            assert!(image::open(path).unwrap().width() > 100);
        }
    }
    // No temporary file remains, and a second report replaces the first.
    write_report(&ReportData::default(), &target, &ReportOptions::default()).unwrap();
    assert_eq!(fs::read_dir(&target).unwrap().count(), 2);
    assert!(
        fs::read_to_string(&files.html)
            .unwrap()
            .contains("No metrics were given.")
    );
}

#[test]
fn pictures_with_wrong_sizes_are_named() {
    let mut data = ReportData::default();
    let mut entry = small_entry("broken.png", true, 1.0);
    entry.image = RgbPicture {
        width: 4,
        height: 4,
        pixels: vec![0; 47],
    };
    data.gallery.push(entry);
    let error = render_html(&data, &ReportOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("broken.png: image has 47 values"),
        "{error}"
    );
    let mut entry = small_entry("broken.png", true, 1.0);
    entry.mask = Some(MaskPicture {
        width: 0,
        height: 0,
        pixels: vec![],
    });
    data.gallery[0] = entry;
    let error = render_html(&data, &ReportOptions::default()).unwrap_err();
    assert!(error.to_string().contains("mask"), "{error}");
}

#[test]
fn numbers_that_are_none_do_no_harm() {
    let mut data = full("name", 4);
    data.curves[0].points.push((f64::NAN, 1.0));
    data.history[0].points.push((f64::INFINITY, f64::NAN));
    data.metrics[0].value = Some(f64::NAN);
    data.embeddings[0].points[0].x = f32::NAN;
    data.histograms[0].boundary_normal = Some(f64::NAN);
    data.scores[0].score = f32::NAN;
    data.gallery[0].score = f32::NAN;
    data.gallery[0].score_map.as_mut().unwrap().scores[0] = f32::NAN;
    let html = render(&data);
    assert_well_formed(&html);
    assert!(!html.contains("NaN") && !html.contains(">inf<"));
}

#[test]
fn the_data_survives_json() {
    let data = full("name", 3);
    let json = serde_json::to_string(&data).unwrap();
    assert_eq!(serde_json::from_str::<ReportData>(&json).unwrap(), data);
    assert_eq!(
        serde_json::from_str::<ReportData>("{}").unwrap(),
        ReportData::default()
    );
}

#[test]
fn the_same_data_gives_the_same_page() {
    assert_eq!(render(&full("name", 5)), render(&full("name", 5)));
}

#[test]
fn histograms_count_every_finite_value() {
    let histogram = LevelHistogram::from_values("1", &[0.0, 0.5, 1.0, f32::NAN], &[1.0], 2);
    assert_eq!((histogram.low, histogram.high), (0.0, 1.0));
    assert_eq!(histogram.normal, [1, 2]);
    assert_eq!(histogram.abnormal, [0, 1]);
    let empty = LevelHistogram::from_values("2", &[], &[f32::NAN], 3);
    assert_eq!(
        (empty.low, empty.high, empty.normal),
        (0.0, 0.0, vec![0; 3])
    );
    let mut far = vec![-80_000.0];
    far.extend((0..100).map(|i| i as f32 / 100.0));
    let outlier = LevelHistogram::from_values("4", &far, &[], 10);
    assert!((-10.0..0.0).contains(&outlier.low), "{}", outlier.low);
    assert_eq!(
        (outlier.normal[0], outlier.normal.iter().sum::<u64>()),
        (1, 101)
    );
    let equal = LevelHistogram::from_values("3", &[2.0; 5], &[], 3);
    assert_eq!(equal.normal.iter().sum::<u64>(), 5);
}

#[test]
fn principal_components_are_those_of_an_ellipse() {
    // A grid stretched by 5 along (3, 4) / 5 and by 2 across, moved away from the origin.
    let mut features = Vec::new();
    for along in -10..=10 {
        for across in -10..=10 {
            let (a, b) = (5.0 * along as f32, 2.0 * across as f32);
            features.extend([7.0 + a * 0.6 - b * 0.8, -3.0 + a * 0.8 + b * 0.6, 1.0]);
        }
    }
    let projection = pca_2d(&features, 3).unwrap();
    assert!((projection.explained[0] - 25.0 / 29.0).abs() < 1e-6);
    assert!((projection.explained[1] - 4.0 / 29.0).abs() < 1e-6);
    let [x, y] = projection.points[0];
    assert!(
        (x + 50.0).abs() < 1e-3 && (y.abs() - 20.0).abs() < 1e-3,
        "{x}, {y}"
    );
    let flat = pca_2d(&[1.0, 2.0, 3.0], 1).unwrap();
    assert_eq!((flat.points[0], flat.explained), ([-1.0, 0.0], [1.0, 0.0]));
    assert_eq!(pca_2d(&[4.0; 6], 2).unwrap().explained, [0.0, 0.0]);
    assert!(matches!(
        pca_2d(&[1.0; 5], 2),
        Err(ReportError::FeatureShape { .. })
    ));
    assert!(matches!(
        pca_2d(&[1.0, f32::NAN], 1),
        Err(ReportError::FeatureNotFinite { row: 1 })
    ));
}
