//! Selection of abnormal training images, and the split.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use bgad_data::{DataError, Dataset, Label, Orientation, Sample, split};

fn dataset(types: &[(&str, usize)]) -> Dataset {
    let sample = |label, defect_type: &str, number: usize| Sample {
        region: None,
        path: PathBuf::from(format!("{defect_type}/{number}.png")),
        label,
        defect_type: defect_type.to_owned(),
        mask: None,
        orientation: Orientation::default(),
        bit_depth: bgad_data::BitDepth::FULL,
        mask_values: bgad_data::MaskValues::Auto,
        turn: bgad_data::Turn::None,
    };
    let mut test: Vec<Sample> = (0..3)
        .map(|number| sample(Label::Normal, "good", number))
        .collect();
    for (name, count) in types {
        test.extend((0..*count).map(|number| sample(Label::Abnormal, name, number)));
    }
    Dataset {
        name: "set".to_owned(),
        train: vec![sample(Label::Normal, "good", 9)],
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

#[test]
fn selection_is_even_over_types_and_leaves_the_test_set() {
    for seed in 0..20 {
        let mut set = dataset(&[("a", 6), ("b", 6), ("c", 6)]);
        let before: HashSet<PathBuf> = set
            .train
            .iter()
            .chain(&set.test)
            .map(|s| s.path.clone())
            .collect();
        set.move_anomalies_to_training(5, seed).unwrap();
        let chosen = &set.train[1..];
        assert_eq!(chosen.len(), 5);
        let per_type = counts(chosen);
        assert_eq!(per_type.len(), 3, "every type gives some: {per_type:?}");
        assert!(
            per_type.values().all(|count| (1..=3).contains(count)),
            "{per_type:?}"
        );
        assert_eq!(set.test.len(), 3 + 18 - 5);
        let after: HashSet<PathBuf> = set
            .train
            .iter()
            .chain(&set.test)
            .map(|s| s.path.clone())
            .collect();
        assert_eq!(before, after, "moved, neither lost nor doubled");
        assert_eq!(after.len(), set.train.len() + set.test.len());
    }
}

#[test]
fn selection_is_exactly_even_where_it_can_be() {
    let mut set = dataset(&[("a", 4), ("b", 9)]);
    set.move_anomalies_to_training(6, 3).unwrap();
    assert_eq!(
        counts(&set.train[1..]),
        BTreeMap::from([("a", 3), ("b", 3)])
    );
}

#[test]
fn small_types_give_what_they_have() {
    let mut set = dataset(&[("a", 1), ("b", 9)]);
    set.move_anomalies_to_training(6, 3).unwrap();
    assert_eq!(
        counts(&set.train[1..]),
        BTreeMap::from([("a", 1), ("b", 5)])
    );
}

#[test]
fn selection_depends_on_the_seed_alone() {
    let select = |seed| {
        let mut set = dataset(&[("a", 20), ("b", 20)]);
        set.move_anomalies_to_training(5, seed).unwrap();
        set.train
    };
    assert_eq!(select(1), select(1));
    assert_ne!(select(1), select(2));
}

#[test]
fn selection_never_empties_the_test_set() {
    let mut set = dataset(&[("a", 2), ("b", 1)]);
    for count in [3, 4, usize::MAX] {
        match set.move_anomalies_to_training(count, 0) {
            Err(DataError::TooManyAnomalies {
                requested,
                available,
                ..
            }) => assert_eq!((requested, available), (count, 3)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        (set.train.len(), set.test.len()),
        (1, 6),
        "unchanged after an error"
    );
    set.move_anomalies_to_training(0, 0).unwrap();
    assert_eq!(set.train.len(), 1);
    assert!(dataset(&[]).move_anomalies_to_training(1, 0).is_err());
    assert!(dataset(&[]).move_anomalies_to_training(0, 0).is_ok());
}

#[test]
fn split_covers_all_items_once() {
    for count in [0, 1, 2, 7, 1000] {
        let split = split::train_test_split(count, 0.25, 7);
        assert_eq!(split.test.len(), count.div_ceil(4));
        let mut all = [split.train, split.test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..count).collect::<Vec<_>>());
    }
    assert_ne!(
        split::train_test_split(100, 0.25, 1),
        split::train_test_split(100, 0.25, 2)
    );
}
