//! Settings by name: the list is complete, every value survives a round trip, errors say what to do.

use std::collections::BTreeSet;

use bgad::{CheckedConfig, Error, ImageScore, MemorySize, Setting, ThresholdRule, TrainerConfig};
use serde_json::{Value, json};

/// The names of all values in a tree; a table below the first level is one value.
fn leaves(config: &TrainerConfig) -> BTreeSet<String> {
    let Value::Object(all) = serde_json::to_value(config).unwrap() else {
        panic!("settings are no table");
    };
    let of = |(name, value): (String, Value)| match value {
        Value::Object(inner) => inner
            .keys()
            .map(|field| format!("{name}.{field}"))
            .collect(),
        _ => vec![name],
    };
    all.into_iter().flat_map(of).collect()
}

#[test]
fn every_value_is_declared() {
    let declared: BTreeSet<_> = Setting::all().iter().map(|s| s.name.to_owned()).collect();
    let mut expected = leaves(&TrainerConfig::default());
    // Not written to files, because it is a path on one machine.
    expected.insert("backbone.weights".to_owned());
    assert_eq!(declared, expected);
    for setting in Setting::all() {
        assert!(setting.help.ends_with('.'), "{setting:?}");
        assert!(
            setting.allowed.len() > 3 && setting.allowed != "a value",
            "{setting:?}"
        );
    }
}

#[test]
fn the_text_of_every_value_sets_it() {
    let (default, paper) = (TrainerConfig::default(), TrainerConfig::paper());
    let (mut from_default, mut from_paper) = (default.clone(), paper.clone());
    for setting in Setting::all()
        .iter()
        .filter(|s| s.name != "backbone.weights")
    {
        from_default.set(setting.name, &setting.paper).unwrap();
        from_paper.set(setting.name, &setting.default).unwrap();
    }
    assert_eq!((from_default, from_paper), (paper, default));
}

#[test]
fn files_and_text_set_the_same() {
    let mut by_file = TrainerConfig::default();
    let settings = json!({
        "seed": 3,
        "granularity": "image",
        "input": {"fit": "tiles:64"},
        "features": {"memory": "2GiB"},
        "backbone": {"strides": [8, 16]},
        "scoring": {"threshold": {"false-positive-rate": 0.05}, "image_score": "top:0.02"},
        "cut_paste": {"foreground": {"masks": "objects"}},
    });
    by_file.merge(&settings).unwrap();
    let mut by_text = TrainerConfig::default();
    for (name, value) in [
        ("seed", "3"),
        ("granularity", "image"),
        ("input.fit", "tiles:64"),
        ("features.memory", "2147483648"),
        ("backbone.strides", "8,16"),
        ("scoring.threshold", "false-positive-rate:0.05"),
        ("scoring.image_score", "top:0.02"),
        ("cut_paste.foreground", "masks:objects"),
    ] {
        by_text.set(name, value).unwrap();
    }
    assert_eq!(by_file, by_text);
    assert_eq!(by_text.features.memory, MemorySize::bytes(2 << 30));
    assert_eq!(by_text.scoring.image_score, ImageScore::Top(0.02));
    assert_eq!(
        by_text.scoring.threshold,
        ThresholdRule::FalsePositiveRate(0.05)
    );
    by_text.set("granularity", "none").unwrap();
    assert_eq!(by_text.granularity, None);
}

#[test]
fn errors_list_the_allowed_values() {
    let mut config = TrainerConfig::default();
    for (name, value, said) in [
        (
            "scoring.image_score",
            "mean",
            ["scoring.image_score", "`mean`", "top:SHARE"],
        ),
        (
            "scoring.mirror",
            "maybe",
            ["scoring.mirror", "`maybe`", "`auto`"],
        ),
        (
            "model",
            "bgad-3",
            ["model", "`bgad-3`", "`bgad` or `bgad-fas`"],
        ),
        (
            "pooled.flows",
            "1",
            ["pooled.flows", "`1`", "`true` or `false`"],
        ),
        (
            "pooled.folds",
            "many",
            ["pooled.folds", "`many`", "2 to 20"],
        ),
        ("seed", "-1", ["seed", "`-1`", "a whole number"]),
        (
            "input.image_sise",
            "64",
            ["`input.image_sise`", "`input.image_size`", "bgad settings"],
        ),
        (
            "image_size",
            "64",
            ["`image_size`", "`input.image_size`", "bgad settings"],
        ),
        ("temperature", "1", ["`temperature`", "bgad settings", ""]),
        ("scoring", "1", ["`scoring`", "bgad settings", ""]),
    ] {
        let error = config.set(name, value).unwrap_err().to_string();
        for word in said {
            assert!(error.contains(word), "{name}={value}: {error}");
        }
    }
    assert_eq!(config, TrainerConfig::default());
    // As written by earlier versions.
    let flat = config
        .merge(&json!({"feature_scaling": "none"}))
        .unwrap_err();
    let nearest = match flat {
        Error::UnknownSetting { nearest, .. } => nearest,
        other => panic!("{other}"),
    };
    assert_eq!(nearest, Some("features.scaling"));
    // Text is rejected where a file should have another type.
    assert!(config.merge(&json!({"seed": "3"})).is_err());
    assert!(config.merge(&json!([1])).is_err());
}

#[test]
fn values_out_of_range_fail_the_check() {
    for (name, value) in [
        ("input.image_size", "8"),
        ("input.fit", "tiles:200"),
        ("features.training_precision", "bf16"),
        ("pooled.folds", "1"),
        ("flow.coupling_blocks", "0"),
        ("flow.position_dimension", "6"),
        ("objective.beta", "1.5"),
        ("scoring.threshold", "false-positive-rate:1"),
        ("schedule.stop_when_still", "0"),
        ("schedule.learning_rate", "0"),
        ("abnormal.repeats", "0"),
        ("cut_paste.pastes", "0"),
    ] {
        let mut config = TrainerConfig::default();
        config.set(name, value).unwrap();
        let error = config.check().unwrap_err().to_string();
        let field = name.rsplit('.').next().unwrap();
        assert!(
            error.contains(field) || error.contains("encoding"),
            "{name}: {error}"
        );
        let stored = serde_json::to_value(&config).unwrap();
        assert!(
            serde_json::from_value::<CheckedConfig>(stored).is_err(),
            "{name}"
        );
    }
    let config = TrainerConfig::paper();
    let checked = config.check().unwrap();
    let stored = serde_json::to_value(&checked).unwrap();
    assert_eq!(
        serde_json::from_value::<CheckedConfig>(stored).unwrap(),
        checked
    );
    assert_eq!(checked.into_inner(), config);
}
