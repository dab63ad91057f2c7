//! Levels, restoring, determinism, gradients.
#![cfg(all(feature = "burn", feature = "random", feature = "weights"))]

use bgad_backbone::{Architecture, Backbone, BackboneError, EfficientNet, NamedTensor};
use burn::tensor::{Device, Tensor, TensorData};

fn images(batch: usize, height: usize, width: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..batch * 3 * height * width)
        .map(|i| ((i as f32 * 0.731).sin() + (i as f32 * 0.0137).cos()) * 1.2)
        .collect();
    Tensor::from_data(TensorData::new(values, [batch, 3, height, width]), device)
}

fn values(network: &dyn Backbone, images: Tensor<4>) -> Vec<Vec<f32>> {
    let pyramid = network.extract(images);
    pyramid
        .into_levels()
        .into_iter()
        .map(|map| map.into_data().try_to_vec().unwrap())
        .collect()
}

#[test]
fn strides_select_levels_and_depth() {
    let device = Device::flex();
    let all = EfficientNet::random(Architecture::V2B0, &[4, 8, 16], 1, &device);
    let x = images(1, 37, 50, &device);
    let expected = values(&all, x.clone());
    for (strides, picked) in [
        (vec![4], vec![0]),
        (vec![16, 4], vec![0, 2]),
        (vec![8, 8], vec![1]),
    ] {
        let some = EfficientNet::from_folded(Architecture::V2B0, &strides, all.tensors(), &device)
            .unwrap();
        let found = values(&some, x.clone());
        let picked: Vec<_> = picked.into_iter().map(|i| expected[i].clone()).collect();
        assert_eq!(found, picked, "{strides:?}");
    }
    let finest = EfficientNet::random(Architecture::V2B0, &[4], 1, &device);
    assert!(
        finest
            .tensors()
            .iter()
            .all(|t| !t.name.starts_with("blocks.2"))
    );
}

#[test]
fn maps_have_same_padding_sizes_at_odd_inputs() {
    let device = Device::flex();
    for architecture in [Architecture::B0, Architecture::Lite0, Architecture::V2B0] {
        let network = EfficientNet::random(architecture, &[4, 8, 16], 2, &device);
        for (height, width) in [(1, 1), (33, 18), (64, 64), (65, 47)] {
            let pyramid = network.extract(images(1, height, width, &device));
            for (map, level) in pyramid.levels().iter().zip(network.levels()) {
                let size = [height.div_ceil(level.stride), width.div_ceil(level.stride)];
                assert_eq!(
                    map.dims(),
                    [1, level.channels, size[0], size[1]],
                    "{architecture}"
                );
            }
        }
    }
}

#[test]
fn restored_features_are_bit_equal() {
    let device = Device::flex();
    for architecture in [Architecture::B1, Architecture::Lite1, Architecture::V2B1] {
        let network = EfficientNet::random(architecture, &[4, 16], 3, &device);
        let tensors = network.tensors();
        let restored =
            EfficientNet::from_folded(architecture, &[4, 16], tensors.clone(), &device).unwrap();
        assert_eq!(restored.tensors(), tensors);
        let x = images(2, 32, 40, &device);
        assert_eq!(values(&restored, x.clone()), values(&network, x));
    }
}

#[test]
fn stored_tensors_are_checked() {
    let device = Device::flex();
    let load =
        |tensors| EfficientNet::from_folded(Architecture::B0, &[4], tensors, &device).unwrap_err();
    let good = EfficientNet::random(Architecture::B0, &[4], 3, &device).tensors();

    let mut missing = good.clone();
    let removed = missing.remove(5);
    let error = load(missing);
    assert!(
        matches!(&error, BackboneError::MissingTensor { tensor, .. } if *tensor == removed.name)
    );
    assert!(error.to_string().contains(&removed.name), "{error}");

    let mut reshaped = good.clone();
    reshaped[0].shape.swap(0, 1);
    assert!(
        matches!(load(reshaped), BackboneError::Shape { tensor, .. } if tensor == good[0].name)
    );

    let mut short = good.clone();
    short[2].values.pop();
    assert!(matches!(load(short), BackboneError::ValueCount { .. }));

    let mut huge = good.clone();
    huge[2].shape = vec![usize::MAX, 4];
    assert!(matches!(
        load(huge),
        BackboneError::ValueCount { expected: None, .. }
    ));

    let mut doubled = good.clone();
    doubled.push(good[1].clone());
    assert!(matches!(
        load(doubled),
        BackboneError::DuplicateTensor { .. }
    ));

    let mut infinite = good;
    infinite[3].values[1] = f32::NAN;
    assert!(matches!(
        load(infinite),
        BackboneError::NonFinite { index: 1, .. }
    ));
}

#[test]
fn strides_are_checked() {
    let device = Device::flex();
    let tensors = EfficientNet::random(Architecture::B0, &[4], 0, &device).tensors();
    let load = |strides: &[usize], tensors: Vec<NamedTensor>| {
        EfficientNet::from_folded(Architecture::B0, strides, tensors, &device).unwrap_err()
    };
    let error = load(&[4, 32], tensors.clone());
    assert!(matches!(
        error,
        BackboneError::UnsupportedStride { found: 32 }
    ));
    assert!(matches!(load(&[], tensors), BackboneError::NoStride));
}

#[test]
fn random_weights_follow_the_seed_and_keep_the_variance() {
    let device = Device::flex();
    for architecture in [Architecture::B6, Architecture::Lite4, Architecture::V2B3] {
        let strides = [4, 8, 16];
        let network = EfficientNet::random(architecture, &strides, 7, &device);
        assert_eq!(
            network.tensors(),
            EfficientNet::random(architecture, &strides, 7, &device).tensors()
        );
        assert_ne!(
            network.tensors(),
            EfficientNet::random(architecture, &strides, 8, &device).tensors()
        );
        for map in values(&network, images(1, 64, 64, &device)) {
            let moment = map.iter().map(|v| v * v).sum::<f32>() / map.len() as f32;
            assert!((0.05..20.0).contains(&moment), "{architecture}: {moment}");
        }
    }
}

#[test]
fn an_image_alone_and_in_a_batch_gives_the_same_features() {
    let device = Device::flex();
    let network = EfficientNet::random(Architecture::B0, &[4, 8, 16], 4, &device);
    let batch = images(3, 48, 48, &device);
    let together = network.extract(batch.clone());
    for image in 0..3 {
        let alone = network.extract(batch.clone().narrow(0, image, 1));
        for (alone, together) in alone.levels().iter().zip(together.levels()) {
            let alone = alone.to_data().try_to_vec::<f32>().unwrap();
            let together = together.clone().narrow(0, image, 1);
            let together = together.into_data().try_to_vec::<f32>().unwrap();
            let scale = alone.iter().fold(0.0_f32, |scale, v| scale.max(v.abs()));
            for (a, b) in alone.iter().zip(&together) {
                assert!((a - b).abs() <= 1e-5 * scale, "{a} {b}");
            }
        }
    }
}

#[test]
fn features_carry_no_gradients() {
    let tracking = Device::flex().autodiff();
    let network = EfficientNet::random(Architecture::Lite0, &[4], 5, &tracking);
    let pyramid = network.extract(images(1, 16, 16, &tracking).require_grad());
    assert!(!pyramid.levels()[0].device().is_autodiff());
}
