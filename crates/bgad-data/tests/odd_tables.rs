//! Tables and annotations as other programs write them.

use std::path::Path;

use bgad_data::{DataError, Dataset, Layout, path_from_text, path_to_text};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::common::{images, mask, text, warned};

/// A folder with four normal images and one dent.
fn parts(root: &Path) {
    images(
        root,
        &[
            "good/0.png",
            "good/1.png",
            "good/2.png",
            "good/3.png",
            "dent/0.png",
        ],
    );
    mask(root, "masks/dent/0.png", 8, 6);
}

const ROWS: [&str; 5] = [
    "good/0.png,normal,",
    "good/1.png,normal,",
    "good/2.png,normal,",
    "good/3.png,normal,",
    "dent/0.png,abnormal,masks/dent/0.png",
];

fn table(rows: &[&str]) -> String {
    let lines = ["path,label,mask"].iter().chain(rows);
    lines.map(|line| format!("{line}\n")).collect()
}

fn read(root: &Path, content: &str) -> Result<Dataset, DataError> {
    text(root, "manifest.csv", content);
    Layout::Manifest.read(root, None)
}

#[test]
fn separators_line_ends_and_backslashes_of_other_programs() {
    let plain = table(&ROWS);
    for content in [
        plain.replace(',', ";"),
        plain.replace(',', "\t"),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        plain.replace('/', "\\"),
        plain
            .replace('/', "\\")
            .replace('\n', "\r\n")
            .replace(',', ";"),
    ] {
        let root = tempdir().unwrap();
        parts(root.path());
        let dataset = read(root.path(), &content).unwrap();
        dataset.verify().unwrap();
        let dent = dataset.test.iter().find(|s| s.label.is_abnormal()).unwrap();
        assert_eq!(dent.load_mask().unwrap().unwrap().area(), 1, "{content:?}");
    }
}

#[test]
fn lines_are_counted_alike_whatever_ends_them() {
    for end in ["\n", "\r\n"] {
        for (place, line) in [(0, 2), (2, 4), (5, 7)] {
            let root = tempdir().unwrap();
            parts(root.path());
            let mut rows = ROWS.to_vec();
            rows.insert(place, "good/9.png,perhaps,");
            match read(root.path(), &table(&rows).replace('\n', end)) {
                Err(DataError::Table { line: found, .. }) => assert_eq!(found, line, "{end:?}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn masks_of_normal_images_are_told() {
    let root = tempdir().unwrap();
    parts(root.path());
    let content = table(&ROWS).replace("good/0.png,normal,", "good/0.png,normal,masks/dent/0.png");
    let dataset = read(root.path(), &content).unwrap();
    assert!(warned(&dataset, &["1 mask of normal images not used"]));
    assert!(!warned(
        &read(root.path(), &table(&ROWS)).unwrap(),
        &["of normal images"]
    ));
}

fn coco(root: &Path, change: impl Fn(&mut Value)) -> Result<Dataset, DataError> {
    parts(root);
    let image = |id: u64, name: &str| json!({"id": id, "file_name": name, "width": 8, "height": 6});
    let mut annotations = json!({
        "images": [image(1, "good/0.png"), image(2, "good/1.png"), image(3, "dent/0.png")],
        "annotations": [{"image_id": 3, "bbox": [1, 1, 3, 3]}],
    });
    change(&mut annotations);
    text(root, "coco.json", &annotations.to_string());
    Layout::Coco.read(&root.join("coco.json"), None)
}

#[test]
fn annotations_belong_to_one_image_that_is_listed() {
    let root = tempdir().unwrap();
    let read = |change: &dyn Fn(&mut Value)| coco(root.path(), change);
    assert!(read(&|_| ()).unwrap().warnings.is_empty());
    match read(&|all| all["images"][1]["id"] = 3.into()) {
        Err(DataError::Annotations { found, .. }) => {
            assert_eq!(found, "the image id 3 a second time, for 'dent/0.png'");
        }
        other => panic!("{other:?}"),
    }
    let dataset = read(&|all| all["annotations"][0]["image_id"] = 9.into()).unwrap();
    assert!(warned(
        &dataset,
        &["1 annotation of images that it does not list"]
    ));
}

#[test]
fn annotations_of_images_that_are_elsewhere_say_so() {
    let root = tempdir().unwrap();
    let result = coco(root.path(), |all| {
        for image in all["images"].as_array_mut().unwrap() {
            let name = image["file_name"].as_str().unwrap().replace('/', "_");
            image["file_name"] = name.into();
        }
    });
    match result {
        Err(DataError::FileMissing { file, .. }) => assert!(file.ends_with("good_0.png")),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn control_characters_are_escaped_and_read_back() {
    for (name, written) in [
        ("new\nline.png", r"new\x0Aline.png"),
        ("tab\t.png", r"tab\x09.png"),
        ("\u{1b}[31mred.png", r"\x1B[31mred.png"),
        ("next\u{85}.png", r"next\xC2\x85.png"),
        (r"its own \x0A.png", r"its own \x5Cx0A.png"),
        ("日本.png", "日本.png"),
    ] {
        let path = Path::new(name);
        assert_eq!(path_to_text(path), written);
        assert_eq!(path_from_text(written), path);
    }
}

/// Reading a pipe without a writer would wait forever.
#[cfg(unix)]
#[test]
fn pipes_are_not_opened() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.png", "good/1.png"]);
    let pipe = at.join("good/pipe.png");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let dataset = Layout::Folder.read(at, None).unwrap();
    assert_eq!(dataset.samples().count(), 2);
    assert!(
        warned(&dataset, &["1 file skipped: not a file"]),
        "{:?}",
        dataset.warnings
    );
    let error = bgad_data::load_image(&pipe).unwrap_err();
    assert!(error.to_string().contains("not a file"), "{error}");
}
