//! Features under every instruction set of this machine.
#![cfg(feature = "random")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../tests/instruction_sets/mod.rs"]
mod instruction_sets;

use bgad_backbone::{Architecture, FeatureMap, HostBackbone, HostEfficientNet, HostFilterBank};

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
