//! Arrangements of folders from public READMEs. Each is read as it is, or the message names the options with
//! which it is read.

use std::path::{Path, PathBuf};

use bgad_data::{Dataset, FolderNames, Layout, LayoutOptions, MaskLocation};
use tempfile::tempdir;

use crate::common::{images, text};

/// Normal images for training, then normal and abnormal ones for testing, and abnormal ones with masks.
type Counts = (usize, usize, usize, usize);

/// Twelve images in each of `many`, two in each of `few`.
fn write(root: &Path, many: &[&str], few: &[&str], ending: &str) {
    for (folders, number) in [(many, 12), (few, 2)] {
        for folder in folders {
            let names: Vec<String> = (0..number)
                .map(|i| format!("{folder}/{i:03}{ending}"))
                .collect();
            images(root, &names.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

fn counts(dataset: &Dataset) -> Counts {
    let of = |samples: &[bgad_data::Sample], abnormal: bool| {
        let is = |s: &&bgad_data::Sample| s.label.is_abnormal() == abnormal;
        samples.iter().filter(is).count()
    };
    let masks = dataset.test.iter().filter(|s| s.mask.is_some()).count();
    assert_eq!(of(&dataset.train, true), 0);
    (
        of(&dataset.train, false),
        of(&dataset.test, false),
        of(&dataset.test, true),
        masks,
    )
}

/// The options that a message names.
fn answer(message: &str) -> (Option<String>, FolderNames) {
    let words: Vec<&str> = message
        .split(|c: char| c.is_whitespace() || c == ';' || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    let after = |option: &str| -> Vec<String> {
        let place = words.iter().position(|word| *word == option);
        let place = place.map_or(words.len(), |place| place + 1);
        let values = words[place..].iter().take_while(|w| !w.starts_with("--"));
        values
            .map(|word| word.trim_matches('\'').to_owned())
            .collect()
    };
    let names = FolderNames {
        normal: after("--normal")
            .iter()
            .take(1)
            .map(PathBuf::from)
            .collect(),
        abnormal: Vec::new(),
        masks: after("--mask-dir")
            .first()
            .map(|name| MaskLocation::Folder(name.into())),
    };
    (after("--category").first().cloned(), names)
}

/// Reads without options; if that ends with a question, with the options that it names.
fn read(root: &Path, asked: bool) -> Dataset {
    let plain = || {
        let found = Layout::recognise(root, None)?;
        found.layout.read(root, found.category.as_deref())
    };
    let message = match plain() {
        Ok(dataset) => {
            assert!(!asked, "read without a question");
            return dataset;
        }
        Err(error) => error.to_string(),
    };
    assert!(asked, "{message}");
    let (category, folders) = answer(&message);
    let found = Layout::recognise_named(root, category.as_deref(), &folders)
        .unwrap_or_else(|error| panic!("{message}\n{error}"));
    let options = LayoutOptions {
        folders,
        ..LayoutOptions::default()
    };
    let dataset = found
        .layout
        .read_with(root, found.category.as_deref(), &options);
    dataset.unwrap_or_else(|error| panic!("{message}\n{error}"))
}

fn check(many: &[&str], few: &[&str], ending: &str, asked: bool, expected: Counts) {
    let root = tempdir().unwrap();
    write(root.path(), many, few, ending);
    let dataset = read(root.path(), asked);
    assert_eq!(counts(&dataset), expected, "{many:?} {few:?}");
}

#[test]
fn numbered_classes_of_a_split() {
    let few = ["test/0.normal", "test/1.abnormal"];
    check(&["train/0.normal"], &few, ".png", false, (12, 2, 2, 0));
}

#[test]
fn the_opposite_of_an_anomaly() {
    check(&["nonanomaly"], &["anomaly"], ".jpg", false, (9, 3, 2, 0));
    check(
        &["defect-free"],
        &["defective"],
        ".bmp",
        false,
        (9, 3, 2, 0),
    );
}

#[test]
fn abnormal_images_beside_the_normal_ones_of_training() {
    let few = ["train/bad", "test/good", "test/bad"];
    check(&["train/good"], &few, ".png", false, (12, 2, 2, 0));
}

#[test]
fn a_tree_in_another_case() {
    let few = ["Test/Good", "Test/Crack", "Ground_Truth/Crack"];
    check(&["Train/Good"], &few, ".png", false, (12, 2, 2, 2));
}

#[test]
fn a_mask_folder_for_each_image_and_types_of_ones_own() {
    let root = tempdir().unwrap();
    let at = root.path();
    write(
        at,
        &["engine/train/good"],
        &["engine/test/good", "engine/test/missing_nut"],
        ".png",
    );
    write(at, &[], &["engine/ground_truth/missing_nut/000"], ".png");
    text(at, "engine/defects_config.json", "[]");
    assert_eq!(counts(&read(at, false)), (12, 2, 2, 1));
}

#[test]
fn ok_and_def_of_castings() {
    check(&["ok_front"], &["def_front"], ".jpeg", true, (9, 3, 2, 0));
    let few = ["train/def_front", "test/ok_front", "test/def_front"];
    check(&["train/ok_front"], &few, ".jpeg", true, (12, 2, 2, 0));
}

#[test]
fn free_of_defects_and_kinds_of_defects() {
    check(&["Free"], &["Blowhole", "Fray"], ".jpg", true, (9, 3, 4, 0));
    check(
        &["MT_Free/Imgs"],
        &["MT_Crack/Imgs"],
        ".jpg",
        true,
        (9, 3, 2, 0),
    );
}

#[test]
fn negative_and_positive() {
    check(&["Negative"], &["Positive"], ".jpg", true, (9, 3, 2, 0));
}

#[test]
fn classes_of_which_one_is_clean() {
    let few = [
        "train/bridge",
        "train/crack",
        "val/clean",
        "test/clean",
        "test/bridge",
        "test/crack",
    ];
    check(&["train/clean"], &few, ".png", true, (12, 2, 4, 0));
}

#[test]
fn another_language() {
    check(&["Gutteile"], &["Fehler"], ".png", true, (9, 3, 2, 0));
}

#[test]
fn images_and_their_labels_in_folders_of_each_class() {
    let few = [
        "valid/good/img",
        "valid/Ungood/img",
        "valid/Ungood/label",
        "test/good/img",
    ];
    let few: Vec<&str> = few
        .into_iter()
        .chain(["test/Ungood/img", "test/Ungood/label"])
        .collect();
    check(&["train/good"], &few, ".png", true, (12, 2, 2, 2));
}

#[test]
fn the_same_in_a_folder_of_its_category() {
    let few = [
        "Brain/test/good/img",
        "Brain/test/Ungood/img",
        "Brain/test/Ungood/label",
    ];
    check(&["Brain/train/good"], &few, ".png", true, (12, 2, 2, 2));
    let few = ["box/test/ok_side", "box/test/cut"];
    check(&["box/train/ok_side"], &few, ".png", true, (12, 2, 2, 0));
}

#[test]
fn images_of_one_kind_without_a_folder() {
    check(&["."], &[], ".png", true, (9, 3, 0, 0));
    check(&["train"], &[], ".png", true, (9, 3, 0, 0));
}

#[test]
fn a_class_in_a_folder_of_its_own() {
    let few = ["Class1/Test/ok_parts", "Class1/Test/defective"];
    check(
        &["Class1/Train/ok_parts"],
        &few,
        ".png",
        true,
        (12, 2, 2, 0),
    );
}

#[test]
fn labels_in_other_files_end_with_the_word_table() {
    for (folders, file) in [
        (&["images", "masks"][..], "train.txt"),
        (&["images/train", "images/val"], "labels/train/000.txt"),
        (&["train_images", "test_images"], "train.csv"),
        (&["train/img", "test/img"], "train/ann/000.png.json"),
        (&["kos01", "kos02"], "readme.txt"),
        (&["VOC2007/JPEGImages"], "VOC2007/Annotations/000.xml"),
    ] {
        let root = tempdir().unwrap();
        write(root.path(), folders, &[], ".png");
        text(root.path(), file, "");
        let message = Layout::recognise(root.path(), None)
            .unwrap_err()
            .to_string();
        for part in ["--normal", "--layout manifest"] {
            assert!(message.contains(part), "{folders:?}: {message}");
        }
    }
}

/// The message for a data set with these images and files.
fn message(many: &[&str], few: &[&str], file: Option<&str>) -> String {
    let root = tempdir().unwrap();
    write(root.path(), many, few, ".png");
    if let Some(file) = file {
        text(root.path(), file, "");
    }
    let error = Layout::recognise(root.path(), None).unwrap_err();
    error
        .to_string()
        .replace(root.path().to_str().unwrap(), "set")
}

#[test]
fn data_sets_in_deeper_folders_are_named() {
    // An archive with two sizes of the same castings.
    let castings = message(
        &[
            "512/512/ok_front",
            "data/train/ok_front",
            "data/test/ok_front",
        ],
        &["512/512/def_front", "data/train/def_front"],
        None,
    );
    for part in [
        "name it instead: set/data, set/512/512;",
        "--layout manifest",
    ] {
        assert!(castings.contains(part), "{castings}");
    }
    // Categories one folder further down: the folder around them.
    let trees = message(&["1cls/a/train/good", "1cls/b/train/good"], &[], None);
    let told = trees.contains("the categories") || trees.contains("name it instead: set/1cls;");
    assert!(told, "{trees}");
    let tree = message(&["1cls/a/train/good"], &["1cls/a/test/bad"], None);
    assert!(tree.contains("name it instead: set/1cls/a;"), "{tree}");
}

#[test]
fn a_table_beside_the_images_is_named() {
    let flat = message(&["."], &[], Some("labels.csv"));
    for part in ["name it instead: set/labels.csv", "--layout manifest"] {
        assert!(flat.contains(part), "{flat}");
    }
}

#[test]
fn the_negation_of_another_class() {
    check(&["no_crack"], &["crack"], ".jpg", true, (9, 3, 2, 0));
}

#[test]
fn normal_images_for_tests_are_no_defects() {
    let root = tempdir().unwrap();
    write(
        root.path(),
        &["normal"],
        &["normal_test", "abnormal", "mask"],
        ".png",
    );
    let error = Layout::Folder
        .read(root.path(), None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("--normal normal normal_test;"), "{error}");
    let options = LayoutOptions {
        folders: FolderNames {
            normal: vec!["normal".into(), "normal_test".into()],
            ..FolderNames::default()
        },
        ..LayoutOptions::default()
    };
    let dataset = Layout::Folder
        .read_with(root.path(), None, &options)
        .unwrap();
    assert_eq!(counts(&dataset), (10, 4, 2, 2));
}

#[test]
fn masks_beside_a_named_folder_of_a_tree_are_asked_about() {
    let root = tempdir().unwrap();
    write(
        root.path(),
        &["train/images"],
        &["test/images", "test/labels"],
        ".png",
    );
    let options = LayoutOptions {
        folders: FolderNames {
            normal: vec!["images".into()],
            ..FolderNames::default()
        },
        ..LayoutOptions::default()
    };
    let error = Layout::Mvtec
        .read_with(root.path(), None, &options)
        .unwrap_err();
    assert!(error.to_string().contains("--mask-dir labels"), "{error}");
    let options = LayoutOptions {
        folders: FolderNames {
            masks: Some(MaskLocation::Folder("labels".into())),
            ..options.folders
        },
        ..options
    };
    let dataset = Layout::Mvtec
        .read_with(root.path(), None, &options)
        .unwrap();
    assert_eq!(counts(&dataset), (12, 2, 0, 0));
    let unused = |text: &String| text.contains("2 masks of normal images not used");
    assert!(
        dataset.warnings.iter().any(unused),
        "{:?}",
        dataset.warnings
    );
}

#[test]
fn masks_of_photographs_with_depth() {
    let root = tempdir().unwrap();
    write(
        root.path(),
        &["train/good/rgb"],
        &["test/hole/rgb", "test/hole/gt"],
        ".png",
    );
    assert_eq!(counts(&read(root.path(), true)), (12, 0, 2, 2));
}

#[test]
fn masks_beside_images_in_the_folder_of_a_category() {
    let root = tempdir().unwrap();
    write(root.path(), &["jack/OK/S1"], &["jack/NG/S1"], ".jpg");
    write(root.path(), &[], &["jack/NG/S1"], ".png");
    let names = FolderNames {
        masks: Some(MaskLocation::Beside(".png".to_owned())),
        ..FolderNames::default()
    };
    let found = Layout::recognise_named(root.path(), None, &names).unwrap();
    assert_eq!(
        (found.layout, found.category.as_deref()),
        (Layout::Folder, Some("jack"))
    );
}
