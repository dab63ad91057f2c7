//! Networks that compute their products in bytes.
#![cfg(feature = "random")]

use bgad_backbone::{
    Architecture, BackboneError, FeatureMap, HostBackbone, HostEfficientNet, NamedTensor,
    ProductInputs,
};

const STRIDES: [usize; 3] = [4, 8, 16];
const SIZE: (usize, usize) = (72, 56);

fn image(number: usize) -> Vec<f32> {
    let value = |i: usize| {
        let (i, salt) = (i as f32, number as f32);
        (i * (0.031 + 0.001 * salt)).sin() + (i * 0.731 + salt).cos() * 0.6
    };
    (0..3 * SIZE.0 * SIZE.1).map(value).collect()
}

fn networks(architecture: Architecture) -> (HostEfficientNet, HostEfficientNet) {
    let single = HostEfficientNet::random(architecture, &STRIDES, 5);
    let mut seen = ProductInputs::default();
    for number in 0..3 {
        single.observe(&image(number), SIZE, &mut seen);
    }
    let bytes = single.in_bytes(&seen).unwrap();
    (single, bytes)
}

fn levels(network: &HostEfficientNet, image: &[f32]) -> Vec<FeatureMap> {
    network.extract_on_host(image, SIZE.0, SIZE.1)
}

/// The root mean square of the differences, in standard deviations.
fn error(exact: &FeatureMap, found: &FeatureMap) -> f64 {
    assert_eq!(exact.values.len(), found.values.len());
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
        sum / count
    };
    let exact: Vec<f64> = exact.values.iter().map(|v| f64::from(*v)).collect();
    let centre = mean(&mut exact.iter().copied());
    let variance = mean(&mut exact.iter().map(|v| (v - centre).powi(2)));
    let found = found.values.iter().map(|v| f64::from(*v));
    let difference = mean(&mut exact.iter().zip(found).map(|(a, b)| (a - b).powi(2)));
    (difference / variance).sqrt()
}

#[test]
fn features_in_bytes_are_close_on_images_that_were_not_seen() {
    // Original blocks, blocks without gates, fused ones.
    for architecture in [Architecture::B0, Architecture::Lite0, Architecture::V2B0] {
        let (single, bytes) = networks(architecture);
        let image = image(7);
        for (exact, found) in levels(&single, &image).iter().zip(&levels(&bytes, &image)) {
            let error = error(exact, found);
            // Random weights propagate errors; with trained weights they are a tenth of this.
            assert!((1e-5..0.5).contains(&error), "{architecture}: {error}");
        }
        assert!(bytes.is_in_bytes() && !single.is_in_bytes());
        assert!(single.in_bytes(&ProductInputs::default()).is_none());
    }
}

#[test]
fn tensors_restore_the_network_bit_for_bit() {
    for architecture in [Architecture::B0, Architecture::V2B0] {
        let (_, bytes) = networks(architecture);
        let tensors = bytes.tensors();
        let whole = |t: &&NamedTensor| {
            let bytes = |v: &f32| v.fract() == 0.0 && v.abs() <= 127.0;
            t.values.iter().all(bytes)
        };
        let (all, of_bytes) = (
            tensors.iter().map(|t| t.values.len()).sum::<usize>(),
            tensors
                .iter()
                .filter(whole)
                .map(|t| t.values.len())
                .sum::<usize>(),
        );
        assert!(
            of_bytes * 10 > all * 8,
            "{of_bytes} of {all} numbers are bytes"
        );
        let restored = HostEfficientNet::from_folded(architecture, &STRIDES, tensors).unwrap();
        assert!(restored.is_in_bytes());
        assert_eq!(levels(&restored, &image(1)), levels(&bytes, &image(1)));
    }
}

#[test]
fn threads_and_batch_leave_the_bits_as_they_are() {
    let (_, bytes) = networks(Architecture::V2B0);
    let images: Vec<f32> = (0..3).flat_map(image).collect();
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| levels(&bytes, &images))
    };
    let (one, two) = (with_threads(1), with_threads(2));
    assert_eq!(one, two);
    for (level, alone) in one.iter().zip(levels(&bytes, &image(2))) {
        assert_eq!(level.values[2 * alone.values.len()..], alone.values);
    }
}

/// The error after `change` to the tensor `name`.
fn refusal(name: &str, change: impl Fn(&mut NamedTensor)) -> BackboneError {
    let (_, bytes) = networks(Architecture::V2B0);
    let mut tensors = bytes.tensors();
    change(
        tensors
            .iter_mut()
            .find(|tensor| tensor.name == name)
            .unwrap(),
    );
    HostEfficientNet::from_folded(Architecture::V2B0, &STRIDES, tensors).unwrap_err()
}

#[test]
fn values_that_no_network_in_bytes_has_are_refused() {
    const PRODUCT: &str = "blocks.1.0.conv_exp";
    for (part, value) in [
        ("weight", 128.0),
        ("weight", 0.5),
        ("weight_scale", 0.0),
        ("input_step", -1.0),
        ("input_zero", 128.0),
        ("input_zero", -1.0),
    ] {
        let name = format!("{PRODUCT}.{part}");
        let error = refusal(&name, |tensor| tensor.values[3] = value);
        let text = error.to_string();
        assert!(
            matches!(error, BackboneError::OutOfRange { index: 3, .. }),
            "{text}"
        );
        assert!(
            text.contains(&name) && text.contains(&value.to_string()),
            "{text}"
        );
    }
    let scale = format!("{PRODUCT}.input_step");
    let error = refusal(&scale, |tensor| tensor.values[0] = f32::NAN);
    assert!(matches!(error, BackboneError::NonFinite { .. }), "{error}");
    let error = refusal(&scale, |tensor| {
        tensor.values.pop();
        tensor.shape = vec![tensor.values.len()];
    });
    assert!(matches!(error, BackboneError::Shape { .. }), "{error}");
    let error = refusal(&scale, |tensor| tensor.name.push('x'));
    assert!(
        matches!(error, BackboneError::MissingTensor { .. }),
        "{error}"
    );
}

/// Weights beyond the bound on products of bytes, which our programs never write, are multiplied in single precision
/// with inputs that are not rounded.
#[test]
fn weights_beyond_the_bound_are_multiplied_all_the_same() {
    let (_, bytes) = networks(Architecture::V2B0);
    // All weights of one product are equal: first to a small whole number, then to a large one.
    let with = |whole: f32| {
        let mut tensors = bytes.tensors();
        for tensor in &mut tensors {
            match tensor.name.as_str() {
                "blocks.1.0.conv_pwl.weight" => tensor.values.fill(whole),
                "blocks.1.0.conv_pwl.weight_scale" => tensor.values.fill(0.01 / whole),
                _ => {}
            }
        }
        HostEfficientNet::from_folded(Architecture::V2B0, &STRIDES, tensors).unwrap()
    };
    let (light, heavy) = (with(1.0), with(127.0));
    for (exact, found) in levels(&light, &image(1))
        .iter()
        .zip(&levels(&heavy, &image(1)))
    {
        let error = error(exact, found);
        assert!((1e-9..0.1).contains(&error), "{error}");
    }
}

#[cfg(feature = "burn")]
#[test]
fn other_devices_compute_the_same_weights_in_single_precision() {
    use bgad_backbone::{Backbone, EfficientNet};
    use burn::tensor::{Device, Tensor, TensorData};

    let (_, bytes) = networks(Architecture::B0);
    let device = Device::flex();
    let network = EfficientNet::from_folded(Architecture::B0, &STRIDES, bytes.tensors(), &device);
    let network = network.unwrap();
    let by_name = |mut tensors: Vec<NamedTensor>| {
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        tensors
    };
    assert!(by_name(network.tensors()) == by_name(bytes.tensors()));
    let image = image(4);
    let data = TensorData::new(image.clone(), [1, 3, SIZE.0, SIZE.1]);
    let images = Tensor::<4>::from_data(data, &device);
    let found = network.with_tensor_layers().extract(images).into_levels();
    for (exact, found) in levels(&bytes, &image).iter().zip(found) {
        let [_, channels, height, width] = found.dims();
        let found = FeatureMap {
            channels,
            height,
            width,
            values: found
                .permute([0, 2, 3, 1])
                .into_data()
                .try_to_vec()
                .unwrap(),
        };
        let error = error(exact, &found);
        assert!(error < 0.2, "{error}");
    }
}
