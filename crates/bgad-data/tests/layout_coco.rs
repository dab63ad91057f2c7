//! Annotations in COCO's format, on small files.

use bgad_data::{DataError, Dataset, Layout, MaskValues, Sample};
use tempfile::tempdir;

use crate::common::{images, names, text};

/// Annotations of five images: a square of pixels 1 to 3, a box, a triangle, one that is normal by its
/// category, and none.
const ANNOTATIONS: &str = r#"{
    "info": {"year": 2026},
    "images": [
        {"id": 7, "file_name": "square.png", "width": 8, "height": 6},
        {"id": 8, "file_name": "box.png", "width": 8, "height": 6},
        {"id": 9, "file_name": "triangle.png", "width": 8, "height": 6},
        {"id": 10, "file_name": "fine.png", "width": 8, "height": 6},
        {"id": 11, "file_name": "bare.png", "width": 8, "height": 6}
    ],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 1, "bbox": [0, 0, 8, 6],
         "segmentation": [[1, 1, 4, 1, 4, 4, 1, 4], [6, 0, 9, 0, 9, 1, 6, 1]]},
        {"id": 2, "image_id": 8, "category_id": 2, "bbox": [5.5, 3, 10, 2], "segmentation": []},
        {"id": 3, "image_id": 9, "category_id": 1, "segmentation": [[0, 0, 6, 6, 0, 6]]},
        {"id": 4, "image_id": 10, "category_id": 3, "bbox": [0, 0, 8, 6]}
    ],
    "categories": [{"id": 1, "name": "dent"}, {"id": 2, "name": "hole"}, {"id": 3, "name": "Good"}]
}"#;

const NAMES: [&str; 5] = [
    "square.png",
    "box.png",
    "triangle.png",
    "fine.png",
    "bare.png",
];

fn abnormal(dataset: &Dataset) -> Vec<&Sample> {
    let samples = dataset.test.iter();
    samples
        .filter(|sample| sample.label.is_abnormal())
        .collect()
}

#[test]
fn polygons_and_boxes_become_masks() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &NAMES
            .map(|name| ["images/", name].concat())
            .each_ref()
            .map(String::as_str),
    );
    text(at, "annotations/instances_default.json", ANNOTATIONS);
    let mut dataset = Layout::Coco.read(at, None).unwrap();
    assert_eq!(dataset.train.len() + dataset.test.len(), 5);
    dataset.verify().unwrap();
    let decision = dataset
        .settle_mask_values(&MaskValues::Auto)
        .unwrap()
        .unwrap();
    assert_eq!(decision.values, MaskValues::Half);
    let found = abnormal(&dataset);
    let types: Vec<&str> = found
        .iter()
        .map(|sample| sample.defect_type.as_str())
        .collect();
    assert_eq!(types, ["dent", "hole", "dent"]);
    let marked = |index: usize| -> Vec<(usize, usize)> {
        let mask = found[index].load_mask().unwrap().unwrap();
        let pixels = mask.pixels().iter().enumerate();
        let marked = pixels.filter(|(_, marked)| **marked);
        marked.map(|(place, _)| (place % 8, place / 8)).collect()
    };
    let mut square: Vec<(usize, usize)> = vec![(6, 0), (7, 0)];
    square.extend((1..4).flat_map(|y| (1..4).map(move |x| (x, y))));
    assert_eq!(marked(0), square);
    // A pixel's middle decides: 5.5 is that of pixel 5.
    assert_eq!(marked(1), [(5, 3), (6, 3), (7, 3), (5, 4), (6, 4), (7, 4)]);
    let triangle: Vec<(usize, usize)> = (0..6)
        .flat_map(|y| (0..y + 1).map(move |x| (x, y)))
        .collect();
    assert!(marked(2).iter().all(|pixel| triangle.contains(pixel)));
    assert!(marked(2).len() >= 15, "{:?}", marked(2));

    // They go through files by their names.
    let sample = found[0].clone();
    let again: Sample = serde_json::from_str(&serde_json::to_string(&sample).unwrap()).unwrap();
    assert_eq!(again.load_mask().unwrap(), sample.load_mask().unwrap());
    let alone = Layout::Coco.read(&at.join("annotations/instances_default.json"), None);
    assert!(
        matches!(alone, Err(DataError::FileMissing { .. })),
        "images lie elsewhere"
    );
}

#[test]
fn names_of_tables_and_folders_tell_the_split() {
    let root = tempdir().unwrap();
    let at = root.path();
    let one = |name: &str, annotations: &str| {
        format!(
            r#"{{"images": [{{"id": 0, "file_name": "{name}", "width": 8, "height": 6}}], "annotations": [{annotations}]}}"#
        )
    };
    let marked = r#"{"image_id": 0, "bbox": [1, 1, 2, 2]}"#;
    images(at, &["train/a.jpg", "valid/b.jpg", "test/c.jpg"]);
    text(at, "train/_annotations.coco.json", &one("a.jpg", ""));
    text(at, "valid/_annotations.coco.json", &one("b.jpg", ""));
    text(at, "test/_annotations.coco.json", &one("c.jpg", marked));
    let dataset = Layout::Coco.read(at, None).unwrap();
    assert_eq!(names(&dataset.train), ["a.jpg"]);
    assert_eq!(names(&dataset.test), ["b.jpg", "c.jpg"]);
    assert_eq!(abnormal(&dataset)[0].defect_type, "defect");

    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["train2017/a.jpg", "val2017/b.jpg"]);
    text(
        at,
        "annotations/instances_train2017.json",
        &one("a.jpg", ""),
    );
    text(
        at,
        "annotations/instances_val2017.json",
        &one("b.jpg", marked),
    );
    let dataset = Layout::Coco.read(at, None).unwrap();
    assert_eq!(names(&dataset.train), ["a.jpg"]);
    assert_eq!(names(&dataset.test), ["b.jpg"]);
    dataset.verify().unwrap();
}

#[test]
fn annotations_that_cannot_be_read_are_named() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &NAMES);
    let found = |json: &str| {
        text(at, "coco.json", json);
        match Layout::Coco.read(at, None) {
            Err(DataError::Annotations { found, .. }) => found,
            other => panic!("{json}: {other:?}"),
        }
    };
    let runs = ANNOTATIONS.replace(
        "[[0, 0, 6, 6, 0, 6]]",
        r#"{"counts": [1, 2], "size": [6, 8]}"#,
    );
    assert!(found(&runs).contains("run lengths"));
    let short = ANNOTATIONS.replace("[[0, 0, 6, 6, 0, 6]]", "[[0, 0, 6, 6, 0]]");
    assert!(found(&short).contains("three points"));
    let none = ANNOTATIONS.replace("\"bbox\": [5.5, 3, 10, 2],", "");
    assert!(found(&none).contains("neither polygons nor a box"));
    let outside = ANNOTATIONS.replace("square.png", "../square.png");
    assert!(found(&outside).contains("points outside"));
    let twice = ANNOTATIONS.replace("box.png", "square.png");
    assert!(found(&twice).contains("a second time"));
    let no_width = ANNOTATIONS.replace("\"width\": 8,", "");
    assert!(found(&no_width).contains("width"));

    // Sizes that are not the image's, and images that are not there.
    text(
        at,
        "coco.json",
        &ANNOTATIONS.replace("\"width\": 8", "\"width\": 9"),
    );
    let dataset = Layout::Coco.read(at, None).unwrap();
    assert!(matches!(dataset.verify(), Err(DataError::MaskSize { .. })));
    text(
        at,
        "coco.json",
        &ANNOTATIONS.replace("square.png", "nowhere.png"),
    );
    let dataset = Layout::Coco.read(at, None).unwrap();
    assert_eq!((abnormal(&dataset).len(), dataset.skipped.len()), (2, 1));
}
