//! Our own loops on the CPU compared with Burn's operations, and their independence of threads and batch.
#![cfg(all(feature = "burn", feature = "random", feature = "weights"))]

use bgad_backbone::{Architecture, Backbone, EfficientNet};
use burn::tensor::{Device, Tensor, TensorData};

fn images(batch: usize, height: usize, width: usize) -> Tensor<4> {
    let values: Vec<f32> = (0..batch * 3 * height * width)
        .map(|i| ((i as f32 * 0.731).sin() + (i as f32 * 0.0137).cos()) * 1.2)
        .collect();
    let data = TensorData::new(values, [batch, 3, height, width]);
    Tensor::from_data(data, &Device::flex())
}

fn values(network: &EfficientNet, images: &Tensor<4>) -> Vec<Vec<f32>> {
    let levels = network.extract(images.clone()).into_levels();
    let values = levels.into_iter().map(|map| map.into_data().try_to_vec());
    values.collect::<Result<_, _>>().unwrap()
}

fn assert_agreement(architecture: Architecture, strides: &[usize], sizes: &[(usize, usize)]) {
    let network = EfficientNet::random(architecture, strides, 11, &Device::flex());
    let tensors = network.clone().with_tensor_layers();
    for &(height, width) in sizes {
        let images = images(2, height, width);
        let found = network.extract(images.clone());
        let expected = tensors.extract(images);
        assert_eq!(found.levels().len(), expected.levels().len());
        for (found, expected) in found.levels().iter().zip(expected.levels()) {
            let case = format!("{architecture}, {height}x{width}, {:?}", expected.dims());
            assert_eq!(found.dims(), expected.dims(), "{case}");
            let found = found.to_data().try_to_vec::<f32>().unwrap();
            let expected = expected.to_data().try_to_vec::<f32>().unwrap();
            let scale = expected.iter().fold(0.0_f32, |scale, v| scale.max(v.abs()));
            for (f, e) in found.iter().zip(&expected) {
                assert!((f - e).abs() <= 1e-5 * scale, "{case}: {f}, {e} of {scale}");
            }
        }
    }
}

const SIZES: [(usize, usize); 6] = [(1, 1), (1, 7), (5, 2), (33, 47), (64, 64), (66, 31)];

#[test]
fn original_blocks_agree_with_burns_operations() {
    assert_agreement(Architecture::B0, &[4, 8, 16], &SIZES);
}

#[test]
fn blocks_without_gates_agree_with_burns_operations() {
    assert_agreement(Architecture::Lite0, &[16, 4], &SIZES);
}

#[test]
fn fused_blocks_agree_with_burns_operations() {
    assert_agreement(Architecture::V2B0, &[4, 8, 16], &SIZES);
}

#[test]
fn channels_that_do_not_fill_the_strips_agree_with_burns_operations() {
    assert_agreement(Architecture::B6, &[8], &[(29, 40)]);
    assert_agreement(Architecture::V2B1, &[16], &[(40, 29)]);
    assert_agreement(Architecture::Lite4, &[4], &[(31, 31)]);
}

/// Large enough for several pieces, and for the window to move.
#[test]
fn large_maps_agree_with_burns_operations() {
    assert_agreement(Architecture::B0, &[8], &[(130, 700), (300, 129)]);
    assert_agreement(Architecture::V2B0, &[4], &[(70, 900)]);
}

#[test]
fn threads_and_batch_do_not_change_the_bits() {
    for architecture in [Architecture::B1, Architecture::Lite0, Architecture::V2B0] {
        let network = EfficientNet::random(architecture, &[4, 8, 16], 3, &Device::flex());
        let batch = images(5, 129, 96);
        let with_threads = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| values(&network, &batch))
        };
        let together = with_threads(1);
        assert_eq!(with_threads(2), together, "{architecture}");
        assert_eq!(with_threads(3), together, "{architecture}");
        assert_eq!(values(&network.clone(), &batch), together, "{architecture}");
        for image in 0..5 {
            let alone = values(&network, &batch.clone().narrow(0, image, 1));
            for (alone, together) in alone.iter().zip(&together) {
                let length = together.len() / 5;
                let part = &together[image * length..][..length];
                assert_eq!(alone, part, "{architecture}, image {image}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "images of shape [1, 4, 8, 8]")]
fn images_of_other_channels_are_refused() {
    let network = EfficientNet::random(Architecture::Lite0, &[4], 3, &Device::flex());
    let four = Tensor::<4>::zeros([1, 4, 8, 8], &Device::flex());
    network.extract(four);
}
