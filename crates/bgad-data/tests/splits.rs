//! Selections by type, folds and split files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use bgad_data::{
    AnomalyCount, AnomalySelection, DataError, Dataset, Layout, Region, Sample, SplitFile, subsets,
};
use tempfile::tempdir;

use crate::common::{images, names, warned};

fn dataset(name: &str, types: &[(&str, usize)]) -> Dataset {
    let path = |kind: &str, number: usize| PathBuf::from(format!("set/{kind}/{number}.png"));
    let mut test: Vec<Sample> = (0..3).map(|n| Sample::normal(path("good", n))).collect();
    for (kind, count) in types {
        test.extend((0..*count).map(|n| Sample::abnormal(path(kind, n), kind, None)));
    }
    Dataset {
        name: name.to_owned(),
        root: "set".into(),
        train: (3..10).map(|n| Sample::normal(path("good", n))).collect(),
        test,
        ..Dataset::default()
    }
}

fn counts(samples: &[Sample]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    samples
        .iter()
        .for_each(|sample| *counts.entry(sample.defect_type.as_str()).or_default() += 1);
    counts
}

fn per_type(each: usize) -> AnomalySelection {
    AnomalySelection {
        count: AnomalyCount::PerType(each),
        types: Vec::new(),
    }
}

fn of_types(count: usize, types: &[&str]) -> AnomalySelection {
    AnomalySelection::total(count).of_types(types.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn per_type_takes_so_many_of_each() {
    let mut set = dataset("set", &[("a", 4), ("b", 2)]);
    set.choose_anomalies(&per_type(2), 5).unwrap();
    assert_eq!(
        counts(&set.train),
        BTreeMap::from([("good", 7), ("a", 2), ("b", 2)])
    );
    assert_eq!(counts(&set.test), BTreeMap::from([("good", 3), ("a", 2)]));
    let mut set = dataset("set", &[("a", 4), ("b", 2)]);
    match set.choose_anomalies(&per_type(3), 5) {
        Err(DataError::TooFewOfTypes {
            types,
            requested: 3,
            available: 2,
            ..
        }) => assert_eq!(types, "b"),
        other => panic!("{other:?}"),
    }
    let mut set = dataset("set", &[("a", 2), ("b", 2)]);
    assert!(matches!(
        set.choose_anomalies(&per_type(2), 5),
        Err(DataError::TooManyAnomalies { .. })
    ));
    assert_eq!(set.test.len(), 7, "unchanged");
}

#[test]
fn one_abnormal_image_of_any_type() {
    let chosen = |seed| {
        let mut set = dataset("set", &[("a", 4), ("b", 4)]);
        set.choose_anomalies(&AnomalySelection::one(), seed)
            .unwrap();
        assert_eq!((set.train.len(), set.test.len()), (8, 10));
        set.train[7].path.clone()
    };
    let all: BTreeSet<PathBuf> = (0..40).map(chosen).collect();
    assert!(all.len() > 4, "{all:?}");
    assert_eq!(chosen(3), chosen(3));
}

#[test]
fn chosen_types_train_and_chosen_types_test() {
    let mut set = dataset(
        "grid",
        &[("bent", 3), ("glue", 3), ("thread", 3), ("broken", 3)],
    );
    set.choose_anomalies(&of_types(4, &["easy"]), 0).unwrap();
    assert_eq!(
        counts(&set.train),
        BTreeMap::from([("good", 7), ("broken", 2), ("thread", 2)])
    );
    set.test_only(&["hard".to_owned()]).unwrap();
    assert_eq!(
        counts(&set.test),
        BTreeMap::from([("good", 3), ("bent", 3), ("glue", 3)])
    );

    // All of a type may go where another type is left to test.
    let mut set = dataset("set", &[("a", 3), ("b", 3)]);
    set.choose_anomalies(&of_types(3, &["a"]), 0).unwrap();
    assert_eq!(counts(&set.test), BTreeMap::from([("good", 3), ("b", 3)]));

    let mut set = dataset("set", &[("a", 3), ("b", 3)]);
    assert!(matches!(
        set.choose_anomalies(&of_types(4, &["a"]), 0),
        Err(DataError::TooFewOfTypes { available: 3, .. })
    ));
    assert!(matches!(
        set.choose_anomalies(&of_types(6, &["a", "b"]), 0),
        Err(DataError::TooManyAnomalies { .. })
    ));
    assert!(matches!(
        set.choose_anomalies(&of_types(1, &["hard"]), 0),
        Err(DataError::Parameter { .. })
    ));
    match set.test_only(&["c".to_owned()]) {
        Err(DataError::DefectTypeMissing { found, .. }) => assert_eq!(found, ["a", "b"]),
        other => panic!("{other:?}"),
    }
    // A type of that name comes before Table 7.
    let mut set = dataset("grid", &[("hard", 2), ("bent", 2)]);
    set.test_only(&["hard".to_owned()]).unwrap();
    assert_eq!(
        counts(&set.test),
        BTreeMap::from([("good", 3), ("hard", 2)])
    );
}

#[test]
fn table_7_has_all_categories() {
    let all = "carpet grid leather tile wood bottle cable capsule hazelnut metal_nut pill screw toothbrush transistor zipper";
    let hard: usize = all
        .split(' ')
        .map(|name| subsets::hard_types(name).unwrap().len())
        .sum();
    assert_eq!(hard, 23);
    assert_eq!(
        subsets::hard_types("zipper").unwrap(),
        ["fabric_interior", "squeezed_teeth"]
    );
}

#[test]
fn own_training_anomalies_are_narrowed() {
    let mut set = dataset("set", &[("a", 6), ("b", 6)]);
    set.choose_anomalies(&AnomalySelection::total(6), 1)
        .unwrap();
    let test = set.test.clone();
    set.choose_anomalies(&AnomalySelection::total(2), 1)
        .unwrap();
    assert_eq!(
        counts(&set.train),
        BTreeMap::from([("good", 7), ("a", 1), ("b", 1)])
    );
    assert_eq!(set.test, test);
    assert!(matches!(
        set.choose_anomalies(&AnomalySelection::total(3), 1),
        Err(DataError::TooFewOfTypes { available: 2, .. })
    ));
}

#[test]
fn every_image_tests_in_one_fold() {
    let mut set = dataset("set", &[("a", 7), ("b", 3)]);
    // Two parts of one image stay together.
    let mut part = set.train[0].clone();
    part.region = Some(Region {
        x: 4,
        y: 0,
        width: 4,
        height: 6,
    });
    set.test.insert(0, part);
    let folds = set.folds(3, 9).unwrap();
    let mut tested: HashMap<String, usize> = HashMap::new();
    for fold in &folds {
        assert_eq!(fold.train.len() + fold.test.len(), 7 + 3 + 1 + 10);
        let (train, test): (BTreeSet<_>, BTreeSet<_>) = (
            fold.train.iter().map(|s| s.path.clone()).collect(),
            fold.test.iter().map(|s| s.path.clone()).collect(),
        );
        assert!(train.is_disjoint(&test));
        let good = counts(&fold.test)["good"];
        assert!((3..=5).contains(&good), "{good}");
        assert!((2..=3).contains(&counts(&fold.test)["a"]) && counts(&fold.test)["b"] == 1);
        for sample in &fold.test {
            *tested
                .entry(format!("{}/{}", sample.defect_type, sample.name()))
                .or_default() += 1;
        }
        let first_abnormal = fold
            .test
            .iter()
            .position(|s| s.label.is_abnormal())
            .unwrap();
        assert!(
            fold.test[first_abnormal..]
                .iter()
                .all(|s| s.label.is_abnormal()),
            "normal ones first"
        );
    }
    assert_eq!(tested.len(), 21);
    assert!(tested.values().all(|count| *count == 1), "{tested:?}");

    let paths = |folds: &[Dataset]| folds.iter().map(|f| names(&f.test)).collect::<Vec<_>>();
    assert_eq!(paths(&folds), paths(&set.folds(3, 9).unwrap()));
    assert_ne!(paths(&folds), paths(&set.folds(3, 10).unwrap()));
    for wrong in [0, 1, 11, usize::MAX] {
        assert!(
            matches!(
                set.folds(wrong, 9),
                Err(DataError::Parameter { name: "folds", .. })
            ),
            "{wrong}"
        );
    }
}

#[test]
fn a_split_file_repeats_a_split_elsewhere() {
    let (here, there) = (tempdir().unwrap(), tempdir().unwrap());
    let files = [
        "good/1.png",
        "good/2.png",
        "good/ä 3.png",
        "good/deep/4.png",
        "bad/dent/1.png",
        "bad/dent/2.png",
        "bad/cut/1.png",
    ];
    images(here.path(), &files);
    images(there.path(), &files);
    let mut set = Layout::Folder.read(here.path(), None).unwrap();
    set.choose_anomalies(&AnomalySelection::one(), 4).unwrap();
    let file = here.path().join("split.json");
    SplitFile::of(&set).unwrap().write(&file).unwrap();
    assert_eq!(
        std::fs::read_dir(here.path()).unwrap().count(),
        3,
        "no temporary file is left"
    );

    let split = SplitFile::read(&file).unwrap();
    let mut again = Layout::Folder.read(there.path(), None).unwrap();
    split.apply(&mut again).unwrap();
    let relative = |set: &Dataset, samples: &[Sample]| -> Vec<PathBuf> {
        samples
            .iter()
            .map(|s| s.path.strip_prefix(&set.root).unwrap().to_owned())
            .collect()
    };
    assert_eq!(relative(&again, &again.train), relative(&set, &set.train));
    assert_eq!(relative(&again, &again.test), relative(&set, &set.test));

    images(there.path(), &["good/5.png"]);
    let mut more = Layout::Folder.read(there.path(), None).unwrap();
    split.apply(&mut more).unwrap();
    assert!(
        warned(&more, &["1 image of the data set left out"]),
        "{:?}",
        more.warnings
    );

    std::fs::remove_file(there.path().join("bad/cut/1.png")).unwrap();
    let mut less = Layout::Folder.read(there.path(), None).unwrap();
    let error = split.apply(&mut less).unwrap_err().to_string();
    assert!(
        error.contains("split.json") && error.contains("bad/cut/1.png"),
        "{error}"
    );
    assert!(
        SplitFile::of(&set)
            .unwrap()
            .write(&here.path().join("no/split.json"))
            .is_err()
    );
}

#[test]
fn split_files_are_distrusted() {
    let root = tempdir().unwrap();
    images(root.path(), &["good/1.png", "good/2.png", "bad/1.png"]);
    let apply = |text: &str| {
        let file = root.path().join("split.json");
        std::fs::write(&file, text).unwrap();
        let mut set = Layout::Folder.read(root.path(), None).unwrap();
        SplitFile::read(&file)?.apply(&mut set)
    };
    let split = |version: u32, train: &str| {
        format!(
            r#"{{"format_version": {version}, "dataset": "x", "train": [{train}], "test": []}}"#
        )
    };
    let good = r#"{"path": "good/1.png", "label": "normal"}"#;
    apply(&split(1, good)).unwrap();
    for wrong in [
        split(2, good),
        split(1, r#"{"path": "../good/1.png", "label": "normal"}"#),
        split(1, r#"{"path": "good/1.png", "label": "abnormal"}"#),
        split(
            1,
            r#"{"path": "good/1.png", "label": "normal", "region": {"x": 0, "y": 0, "width": 1, "height": 1}}"#,
        ),
        split(1, &format!("{good}, {good}")),
        "[]".to_owned(),
        String::new(),
    ] {
        assert!(
            matches!(apply(&wrong), Err(DataError::Split { .. })),
            "{wrong}"
        );
    }
    assert!(matches!(
        SplitFile::read(root.path()),
        Err(DataError::Split { .. })
    ));
    assert!(matches!(
        SplitFile::read(&root.path().join("none")),
        Err(DataError::Io { .. })
    ));
}
