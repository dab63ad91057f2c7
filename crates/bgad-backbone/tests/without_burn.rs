//! Backbones through the part of the interface that needs no Burn. With Burn in the build, going through
//! tensors must give the same bits.
#![cfg(feature = "random")]
#![allow(clippy::unwrap_used)]

use bgad_backbone::{
    Architecture, BackboneError, FeatureMap, HostBackbone, HostEfficientNet, HostFilterBank,
    Normalization,
};

/// Images `[batch, 3, height, width]`.
fn images(batch: usize, height: usize, width: usize) -> Vec<f32> {
    (0..batch * 3 * height * width)
        .map(|i| ((i as f32 * 0.731).sin() + (i as f32 * 0.0137).cos()) * 1.2)
        .collect()
}

/// A few features of each level.
fn samples(maps: &[FeatureMap]) -> Vec<f32> {
    let of_map = |map: &FeatureMap| {
        let every = map.values.len() / 3;
        [
            map.values[0],
            map.values[every + 1],
            map.values[2 * every + 2],
        ]
    };
    maps.iter().flat_map(of_map).collect()
}

#[test]
fn features_match_those_of_tensors() {
    let network = HostEfficientNet::random(Architecture::B0, &[4, 8, 16], 11);
    let image = images(1, 33, 47);
    for (backbone, expected) in [
        (&network as &dyn HostBackbone, NETWORK_ON_TENSORS),
        (&HostFilterBank::new(), FILTERS_ON_TENSORS),
    ] {
        let maps = backbone.extract_on_host(&image, 33, 47);
        for (map, level) in maps.iter().zip(backbone.levels()) {
            assert_eq!(map.height, 33_usize.div_ceil(level.stride));
            assert_eq!(map.width, 47_usize.div_ceil(level.stride));
            assert_eq!(map.values.len(), map.height * map.width * level.channels);
        }
        let found = samples(&maps);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let name = backbone.name();
            assert!(
                (found - expected).abs() < 2e-5,
                "{name}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn a_network_is_restored_from_its_tensors() {
    let network = HostEfficientNet::random(Architecture::V2B0, &[4, 16], 3);
    let restored =
        HostEfficientNet::from_folded(Architecture::V2B0, &[4, 16], network.tensors()).unwrap();
    let image = images(1, 40, 29);
    assert_eq!(
        restored.extract_on_host(&image, 40, 29),
        network.extract_on_host(&image, 40, 29)
    );
    assert_eq!(restored.normalization(), Normalization::IMAGENET);

    let mut fewer = network.tensors();
    let missing = fewer.remove(7).name;
    let error = HostEfficientNet::from_folded(Architecture::V2B0, &[4, 16], fewer).unwrap_err();
    assert!(matches!(error, BackboneError::MissingTensor { tensor, .. } if tensor == missing));
    let error = HostEfficientNet::from_folded(Architecture::V2B0, &[5], Vec::new()).unwrap_err();
    assert!(matches!(
        error,
        BackboneError::UnsupportedStride { found: 5 }
    ));
}

#[test]
fn threads_and_batch_do_not_change_the_filters_bits() {
    let bank = HostFilterBank::new();
    let batch = images(3, 37, 50);
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap()
            .install(|| bank.extract_on_host(&batch, 37, 50))
    };
    let together = with_threads(1);
    assert_eq!(with_threads(3), together);
    for (index, image) in batch.chunks_exact(3 * 37 * 50).enumerate() {
        let alone = bank.extract_on_host(image, 37, 50);
        for (alone, together) in alone.iter().zip(&together) {
            let length = alone.values.len();
            assert_eq!(alone.values, together.values[index * length..][..length]);
        }
    }
}

#[test]
#[should_panic(expected = "192 values, not images [batch, 3, 8, 9]")]
fn images_of_another_size_are_refused() {
    HostFilterBank::new().extract_on_host(&images(1, 8, 8), 8, 9);
}

#[cfg(feature = "burn")]
mod with_burn {
    use bgad_backbone::{Backbone, EfficientNet, FilterBank};
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    /// The values of tensors `[batch, channels, height, width]`, channels last.
    fn through_tensors(backbone: &dyn Backbone, image: &[f32], size: [usize; 2]) -> Vec<Vec<f32>> {
        let batch = image.len() / (3 * size[0] * size[1]);
        let data = TensorData::new(image.to_vec(), [batch, 3, size[0], size[1]]);
        let images = Tensor::<4>::from_data(data, &Device::flex());
        let levels = backbone.extract(images).into_levels().into_iter();
        let values = levels.map(|map| map.permute([0, 2, 3, 1]).into_data().try_to_vec());
        values.collect::<Result<_, _>>().unwrap()
    }

    fn values(maps: Vec<FeatureMap>) -> Vec<Vec<f32>> {
        maps.into_iter().map(|map| map.values).collect()
    }

    #[test]
    fn networks_give_the_same_bits_through_tensors() {
        let image = images(2, 33, 47);
        let device = Device::flex();
        for architecture in [Architecture::B0, Architecture::Lite0, Architecture::V2B0] {
            let host = HostEfficientNet::random(architecture, &[4, 8, 16], 11);
            let full = EfficientNet::random(architecture, &[4, 8, 16], 11, &device);
            assert_eq!(full.tensors(), host.tensors());
            assert!(full.on_host().is_some());
            let found = values(host.extract_on_host(&image, 33, 47));
            assert_eq!(found, through_tensors(&full, &image, [33, 47]));
        }
    }

    /// Models were trained with filters computed by Burn, and their scores must not change.
    #[test]
    fn filters_give_the_bits_of_burns_operations() {
        for [height, width] in [[33, 47], [64, 64], [2, 9], [5, 200], [131, 130], [256, 256]] {
            let image = images(1, height, width);
            let found = values(HostFilterBank::new().extract_on_host(&image, height, width));
            let full = FilterBank::new(&Device::flex());
            assert_eq!(found, through_tensors(&full, &image, [height, width]));
            let burns = full.with_tensor_layers();
            assert!(burns.on_host().is_none());
            let expected = through_tensors(&burns, &image, [height, width]);
            for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
                assert_eq!(
                    found.to_bits(),
                    expected.to_bits(),
                    "{height}x{width}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn samples_match_burns_operations() {
        let image = images(1, 33, 47);
        let device = Device::flex();
        let network = EfficientNet::random(Architecture::B0, &[4, 8, 16], 11, &device);
        let of = |backbone: &dyn Backbone| {
            let maps = through_tensors(backbone, &image, [33, 47]).into_iter();
            let maps = maps.map(|values| FeatureMap {
                channels: 0,
                height: 0,
                width: 0,
                values,
            });
            samples(&maps.collect::<Vec<_>>())
        };
        for (found, expected) in [
            (of(&network.with_tensor_layers()), NETWORK_ON_TENSORS),
            (
                of(&FilterBank::new(&device).with_tensor_layers()),
                FILTERS_ON_TENSORS,
            ),
        ] {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 2e-5, "{found}, not {expected}");
            }
        }
    }
}

/// Features of [`images`] from Burn's operations on the CPU.
const NETWORK_ON_TENSORS: [f32; 9] = [
    0.025829539,
    -0.49184656,
    -0.06703034,
    -0.4743272,
    -1.7502581,
    0.90645903,
    -0.389299,
    -0.8098062,
    0.31337124,
];
const FILTERS_ON_TENSORS: [f32; 9] = [
    -1.201424,
    -0.3855266,
    0.026552133,
    -1.8798206,
    -0.46556422,
    -0.22377522,
    -2.2531762,
    -1.5260041,
    -0.7602048,
];
