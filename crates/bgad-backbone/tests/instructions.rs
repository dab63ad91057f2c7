//! Features under every instruction set of this machine.
#![cfg(feature = "random")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../tests/instruction_sets/mod.rs"]
mod instruction_sets;

use bgad_backbone::{
    Architecture, FeatureMap, HostBackbone, HostEfficientNet, HostFilterBank, ProductInputs,
};

/// An image `[3, 65, 47]`.
fn image() -> Vec<f32> {
    (0..3 * 65 * 47)
        .map(|i| ((i as f32 * 0.731).sin() + (i as f32 * 0.0137).cos()) * 1.2)
        .collect()
}

fn assert_agreement(what: &str, backbone: &dyn HostBackbone) {
    let image = image();
    instruction_sets::assert_agreement(what, 1e-4, || {
        let levels = backbone.extract_on_host(&image, 65, 47).into_iter();
        levels.flat_map(|map: FeatureMap| map.values).collect()
    });
}

#[test]
fn features_agree() {
    for architecture in [Architecture::B0, Architecture::Lite0, Architecture::V2B0] {
        let network = HostEfficientNet::random(architecture, &[4, 8, 16], 11);
        assert_agreement(architecture.name(), &network);
    }
    assert_agreement("filter bank", &HostFilterBank::new());
}

/// Products of bytes are the same with every set. The steps between them differ in the last digits, so a few numbers
/// round to the next byte.
#[test]
fn features_in_bytes_agree_but_for_few_roundings() {
    let single = HostEfficientNet::random(Architecture::V2B0, &[4, 8, 16], 11);
    let mut seen = ProductInputs::default();
    single.observe(&image(), (65, 47), &mut seen);
    let bytes = single.in_bytes(&seen).unwrap();
    let results = instruction_sets::under_each(|| bytes.extract_on_host(&image(), 65, 47));
    for (set, levels) in &results {
        for (level, first) in levels.iter().zip(&results[0].1) {
            let (mut differences, mut squares) = (0.0, 0.0);
            for (a, b) in level.values.iter().zip(&first.values) {
                differences += f64::from(a - b).powi(2);
                squares += f64::from(*b).powi(2);
            }
            let share = (differences / squares).sqrt();
            assert!(share < 0.05, "{set} and {}: {share}", results[0].0);
        }
    }
}
