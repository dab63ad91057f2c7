//! Features under every set of instructions that this machine has.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../tests/instruction_sets/mod.rs"]
mod instruction_sets;

use bgad_backbone::{Architecture, Backbone, EfficientNet};
use burn::tensor::{Device, Tensor, TensorData};

#[test]
fn features_agree() {
    for architecture in [Architecture::B0, Architecture::Lite0, Architecture::V2B0] {
        let network = EfficientNet::random(architecture, &[4, 8, 16], 11, &Device::flex());
        let values: Vec<f32> = (0..3 * 65 * 47)
            .map(|i| ((i as f32 * 0.731).sin() + (i as f32 * 0.0137).cos()) * 1.2)
            .collect();
        let images = TensorData::new(values, [1, 3, 65, 47]);
        let images = Tensor::from_data(images, &Device::flex());
        instruction_sets::assert_agreement(&architecture.to_string(), 1e-4, || {
            let levels = network.extract(images.clone()).into_levels();
            let values = levels.into_iter();
            values
                .flat_map(|level| level.into_data().try_to_vec::<f32>().unwrap())
                .collect()
        });
    }
}
