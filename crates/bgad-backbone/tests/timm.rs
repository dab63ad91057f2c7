//! Comparison with timm's features of one architecture per family, on weights from a formula.
#![cfg(all(feature = "burn", feature = "random", feature = "weights"))]
#![allow(clippy::print_stdout)]

use bgad_backbone::{Architecture, Backbone, EfficientNet, Weights};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

use crate::common;

/// On x86-64, 8e-7 of the map's scale is reached.
const OF_SCALE: f32 = 1e-5;

#[test]
fn each_family_has_timms_features() {
    let device = Device::flex();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/timm_features.safetensors"
    );
    let bytes = std::fs::read(path).unwrap();
    let expected = SafeTensors::deserialize(&bytes).unwrap();
    let (height, width) = (33, 22);
    let values: Vec<f32> = common::numbers("input", 3 * height * width)
        .map(|u| u * 4.0 - 2.0)
        .collect();
    let images = Tensor::<4>::from_data(TensorData::new(values, [1, 3, height, width]), &device);

    for architecture in [
        Architecture::B1,
        Architecture::Lite1,
        Architecture::V2B1,
        Architecture::V2S,
    ] {
        let strides = [4, 8, 16];
        let raw = common::raw(architecture, &strides).into_values();
        let weights = Weights::from_tensors(raw).unwrap();
        let network = EfficientNet::load(architecture, &strides, &weights, &device).unwrap();
        let pyramid = network.extract(images.clone());
        for (map, level) in pyramid.levels().iter().zip(network.levels()) {
            let name = format!("{architecture}.stride_{}", level.stride);
            let view = expected.tensor(&name).unwrap();
            assert_eq!(map.dims().as_slice(), view.shape(), "{name}");
            let found = map.to_data().try_to_vec::<f32>().unwrap();
            let (elements, _) = view.data().as_chunks::<4>();
            let expected: Vec<f32> = elements.iter().map(|&b| f32::from_le_bytes(b)).collect();
            assert_eq!(found.len(), expected.len(), "{name}");
            let scale = expected.iter().fold(0.0_f32, |scale, e| scale.max(e.abs()));
            let worst = found
                .iter()
                .zip(&expected)
                .fold(0.0_f32, |w, (f, e)| w.max((f - e).abs()));
            assert!(scale > 0.1, "{name}: scale {scale}");
            assert!(worst <= OF_SCALE * scale, "{name}: {worst} of {scale}");
            println!(
                "{name}: largest difference {:e} of the map's scale",
                worst / scale
            );
        }
    }
}
