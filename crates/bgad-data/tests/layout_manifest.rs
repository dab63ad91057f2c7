//! Manifests, CSV and JSON.

use bgad_data::{AvailableMasks, DataError, Dataset, Layout, Result, split};
use tempfile::tempdir;

use crate::common::{image, mask, names, text};

fn read(name: &str, content: &str) -> Result<Dataset> {
    let root = tempdir().unwrap();
    text(root.path(), name, content);
    Layout::Manifest.read(&root.path().join(name), None)
}

#[test]
fn csv_says_everything() {
    let root = tempdir().unwrap();
    let at = root.path();
    image(at, "größe/1.png");
    mask(at, "m/1.png", 8, 6);
    mask(at, "m/2.png", 8, 6);
    let table = "\u{feff}Path,label,split,mask,defect_type,remark\n\
        a.png,normal,train,,,first\n\
        b.png,OK,test\n\
        größe/1.png,ng,test,m/1.png; m/2.png,dent\n\
        \"c, d.png\",1,train,,\n\
        e.png,0,training\n";
    text(at, "lids.csv", table);
    let dataset = Layout::Manifest.read(&at.join("lids.csv"), None).unwrap();
    assert_eq!(dataset.name, "lids");
    assert_eq!(dataset.root, at);
    assert_eq!(names(&dataset.train), ["a.png", "e.png", "c, d.png"]);
    assert_eq!(names(&dataset.test), ["b.png", "1.png"]);
    let dent = &dataset.test[1];
    assert_eq!(
        (
            dent.defect_type.as_str(),
            dataset.train[2].defect_type.as_str()
        ),
        ("dent", "defect")
    );
    assert_eq!(dent.mask.as_ref().unwrap().paths().count(), 2);
    assert_eq!(dent.load_mask().unwrap().unwrap().area(), 1);
    assert_eq!(dent.load_image().unwrap().dimensions(), (8, 6));
    assert_eq!(dataset.masks(), AvailableMasks::Some);
}

#[test]
fn json_says_the_same() {
    let dataset = read(
        "parts.json",
        r#"[{"path": "a.png", "label": "good", "split": "train"},
            {"path": "b.png", "label": 1, "mask": "b_mask.png", "defect_type": "dent"},
            {"path": "c.png", "label": "bad", "mask": ["1.png", "2.png"], "split": null, "note": 3}]"#,
    )
    .unwrap();
    assert_eq!(
        (names(&dataset.train), names(&dataset.test)),
        (
            vec!["a.png".to_owned()],
            vec!["b.png".to_owned(), "c.png".to_owned()]
        )
    );
    assert_eq!(dataset.masks(), AvailableMasks::All);
}

#[test]
fn without_splits_a_quarter_of_the_normal_images_tests() {
    let mut table = "path,label\n".to_owned();
    (0..8).for_each(|number| table += &format!("{number}.png,normal\n"));
    table += "x.png,abnormal\n";
    let root = tempdir().unwrap();
    text(root.path(), "manifest.csv", &table);
    let dataset = Layout::Manifest.read(root.path(), None).unwrap();
    let split = split::train_test_split(8, 0.25, 42);
    let expected: Vec<String> = split.train.iter().map(|i| format!("{i}.png")).collect();
    assert_eq!(names(&dataset.train), expected);
    assert_eq!(dataset.test.len(), 3);
    assert_eq!(
        dataset.name,
        root.path().file_name().unwrap().to_str().unwrap()
    );
}

#[test]
fn manifests_are_distrusted() {
    let csv = |row: &str| {
        read(
            "m.csv",
            &format!("path,label,split,mask,defect_type\nok.png,normal\n{row}\n"),
        )
        .unwrap_err()
    };
    for row in [
        "/etc/passwd,normal",
        "../x.png,normal",
        "a/../../x.png,bad",
        ",normal",
        "a.png,bad,,../m.png",
    ] {
        assert!(
            matches!(csv(row), DataError::PathEscape { line: 3, .. }),
            "{row}"
        );
    }
    for row in [
        "a.png,maybe",
        "a.png,",
        "a.png,normal,validation",
        "ok.png,bad",
        "./ok.png,bad",
        "a.png,bad,,,good",
    ] {
        assert!(
            matches!(csv(row), DataError::Table { line: 3, .. }),
            "{row}: {}",
            csv(row)
        );
    }
    let json = |entry: &str| {
        read(
            "m.json",
            &format!("[{{\"path\": \"ok.png\", \"label\": 0}},\n{entry}]"),
        )
        .unwrap_err()
    };
    for entry in [
        r#"{"path": "../x.png", "label": 0}"#,
        r#"{"path": "x.png", "label": 1, "mask": ["/m.png"]}"#,
        r#"{"path": "x.png", "label": 7}"#,
        r#"{"path": "ok.png", "label": 0}"#,
        r#"{"path": "x.png", "label": 0, "split": "both"}"#,
    ] {
        assert!(
            matches!(json(entry), DataError::Entry { entry: 2, .. }),
            "{entry}: {}",
            json(entry)
        );
    }
    assert!(matches!(json("{}"), DataError::Table { line: 2, .. }));
    assert!(matches!(
        read("m.csv", "name,kind\n"),
        Err(DataError::Table { line: 1, .. })
    ));
    assert!(matches!(
        read("m.csv", "path,label\na.png,bad\n"),
        Err(DataError::NoNormalImages { .. })
    ));
    assert!(matches!(
        read("m.txt", "path,label\n"),
        Err(DataError::FileMissing { .. })
    ));
    let root = tempdir().unwrap();
    assert!(matches!(
        Layout::Manifest.read(root.path(), None),
        Err(DataError::FileMissing { .. })
    ));
    assert!(matches!(
        Layout::Manifest.read(root.path(), Some("lid")),
        Err(DataError::Parameter { .. })
    ));
}
