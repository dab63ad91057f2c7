//! HeadCT and BrainMRI, on small trees.

use bgad_data::{DataError, Layout};
use tempfile::tempdir;

use crate::common::{image, images, names, text, warned};

#[test]
fn head_ct_follows_its_table() {
    let root = tempdir().unwrap();
    let at = root.path();
    for number in 0..9 {
        image(at, &format!("head_ct/{number:03}.png"));
    }
    text(
        at,
        "labels.csv",
        "id, hemorrhage\n7,0\n0,1\n1,1\n2,0\n3,0\n4, 0\n5,1\n99,1\n",
    );
    let dataset = Layout::HeadCt.read(at, None).unwrap();
    // The four normal images in the table's order are 7, 2, 3, 4; one of them tests.
    let mut normal = names(&dataset.train);
    assert_eq!(normal.len(), 3);
    normal.extend(names(&dataset.test[..1]));
    normal.sort();
    assert_eq!(normal, ["002.png", "003.png", "004.png", "007.png"]);
    assert_eq!(names(&dataset.test[1..]), ["000.png", "001.png", "005.png"]);
    assert!(
        dataset.test[1..]
            .iter()
            .all(|sample| sample.label.is_abnormal())
    );
    assert!(
        warned(&dataset, &["1 image named there do not exist"]),
        "{:?}",
        dataset.warnings
    );
    assert!(
        warned(&dataset, &["2 images skipped, not in labels.csv"]),
        "{:?}",
        dataset.warnings
    );

    let split = bgad_data::split::train_test_split(4, 0.25, 42);
    let in_order = ["007.png", "002.png", "003.png", "004.png"];
    assert_eq!(
        names(&dataset.train),
        split.train.iter().map(|&i| in_order[i]).collect::<Vec<_>>()
    );
}

#[test]
fn head_ct_distrusts_its_table() {
    let read = |table: &str| {
        let root = tempdir().unwrap();
        images(
            root.path(),
            &["head_ct/000.png", "head_ct/001.png", "secret.png"],
        );
        text(root.path(), "labels.csv", table);
        Layout::HeadCt.read(root.path(), None).unwrap_err()
    };
    for path in ["../secret.png", "/etc/passwd", "a/../../secret.png"] {
        match read(&format!("id,hemorrhage\n0,0\n{path},0\n")) {
            DataError::PathEscape {
                line, path: found, ..
            } => assert_eq!((line, found.as_str()), (3, path)),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        read("id,hemorrhage\n0,0\n1,maybe\n"),
        DataError::Table { line: 3, .. }
    ));
    assert!(matches!(
        read("id,hemorrhage\n0,0\n1\n"),
        DataError::Table { line: 3, .. }
    ));
    assert!(matches!(
        read("id,hemorrhage\n0,0\n000,1\n"),
        DataError::Table { line: 3, .. }
    ));
    assert!(matches!(
        read("name,label\n0,0\n"),
        DataError::Table { line: 1, .. }
    ));
    assert!(matches!(read(""), DataError::Table { line: 1, .. }));
    assert!(matches!(
        read("id,hemorrhage\n0,1\n"),
        DataError::NoNormalImages { .. }
    ));

    let root = tempdir().unwrap();
    image(root.path(), "head_ct/000.png");
    assert!(matches!(
        Layout::HeadCt.read(root.path(), None),
        Err(DataError::FileMissing { .. })
    ));
}

#[test]
fn brain_mri_reads_no_and_yes() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "no/N1.JPG",
            "no/10 no.jpg",
            "no/2 no.jpg",
            "no/No3.jpg",
            "no/1 no.jpeg",
            "yes/Y1.jpg",
        ],
    );
    let dataset = Layout::BrainMri.read(at, None).unwrap();
    let in_order = ["1 no.jpeg", "10 no.jpg", "2 no.jpg", "N1.JPG", "No3.jpg"];
    let split = bgad_data::split::train_test_split(5, 0.25, 42);
    assert_eq!(
        names(&dataset.train),
        split.train.iter().map(|&i| in_order[i]).collect::<Vec<_>>()
    );
    assert_eq!(dataset.test.len(), 2 + 1);
    assert!(!dataset.has_masks());

    let root = tempdir().unwrap();
    assert!(matches!(
        Layout::BrainMri.read(root.path(), None),
        Err(DataError::NoImages { .. })
    ));
    image(root.path(), "yes/Y1.jpg");
    assert!(matches!(
        Layout::BrainMri.read(root.path(), None),
        Err(DataError::NoNormalImages { .. })
    ));
}
