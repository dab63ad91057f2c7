//! Comparison with timm's features on random weights.
#![cfg(all(feature = "burn", feature = "random", feature = "weights"))]
#![allow(clippy::print_stdout)]

use bgad_backbone::{Architecture, Backbone, EfficientNet, Weights};
use burn::tensor::{Device, Tensor, TensorData};

use crate::reader::Golden;

/// On x86-64, float32 reaches `|found - expected| <= 5e-7 * max |expected of the map|`; ten times that leaves
/// room for other summation orders. A purely relative bound is impossible where a feature is near 0.
/// `1e-4 * max(|expected|, 0.1 * max |expected of the map|)` holds as well.
const OF_SCALE: f32 = 5e-6;

#[test]
fn golden_features_of_b0_on_random_weights() {
    let device = Device::flex();
    let weights = Golden::open("tf_efficientnet_b0_random_weights");
    let weights = Weights::open(weights.path()).unwrap();
    let network = EfficientNet::load(Architecture::B0, &[4, 8, 16], &weights, &device).unwrap();

    let golden = Golden::open("tf_efficientnet_b0_random_features");
    let names = golden.names();
    let cases: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".input"))
        .collect();
    assert!(!cases.is_empty(), "no case in {}", golden.path().display());
    for case in cases {
        let input = format!("{case}.input");
        let images = TensorData::new(golden.f32(&input), golden.shape(&input));
        let pyramid = network.extract(Tensor::from_data(images, &device));
        assert_eq!(pyramid.levels().len(), 3);
        for (map, level) in pyramid.levels().iter().zip(network.levels()) {
            let name = format!("{case}.stride_{}", level.stride);
            assert_eq!(map.dims().to_vec(), golden.shape(&name), "{name}");
            let found = map.to_data().try_to_vec::<f32>().unwrap();
            compare(&name, &found, &golden.f32(&name));
        }
    }
}

fn compare(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(0.0_f32, |scale, e| scale.max(e.abs()));
    assert!(scale > 0.0, "{name} is all zero");
    let mut worst = 0.0_f32;
    for (index, (f, e)) in found.iter().zip(expected).enumerate() {
        let allowed = OF_SCALE * scale;
        let difference = (f - e).abs();
        assert!(
            difference <= allowed,
            "{name}[{index}]: found {f}, expected {e}, allowed {allowed}"
        );
        worst = worst.max(difference / scale);
    }
    println!("{name}: largest difference {worst:e} of the map's scale");
}
