//! Names, levels and sizes of all architectures, as in timm 1.0.31.
#![cfg(all(feature = "burn", feature = "random", feature = "weights"))]

use bgad_backbone::{Architecture, Backbone, BackboneError, EfficientNet, Normalization};
use burn::tensor::Device;

/// Stem channels, level channels, blocks of each stage, and the number of values in timm's state dict up to
/// `blocks.4` (without `num_batches_tracked`), from
/// `timm.create_model(name, features_only=True, out_indices=[1, 2, 3])`.
type Sizes = (&'static str, usize, [usize; 3], [usize; 5], usize, usize);

const TIMM: [Sizes; 20] = [
    (
        "tf_efficientnet_b0",
        32,
        [24, 40, 112],
        [1, 2, 2, 3, 3],
        209,
        867_968,
    ),
    (
        "tf_efficientnet_b1",
        32,
        [24, 40, 112],
        [2, 3, 3, 4, 4],
        299,
        1_228_772,
    ),
    (
        "tf_efficientnet_b2",
        32,
        [24, 48, 120],
        [2, 3, 3, 4, 4],
        299,
        1_442_840,
    ),
    (
        "tf_efficientnet_b3",
        40,
        [32, 48, 136],
        [2, 3, 3, 5, 5],
        337,
        2_224_170,
    ),
    (
        "tf_efficientnet_b4",
        48,
        [32, 56, 160],
        [2, 4, 4, 6, 6],
        413,
        3_684_640,
    ),
    (
        "tf_efficientnet_b5",
        48,
        [40, 64, 176],
        [3, 5, 5, 7, 7],
        503,
        5_443_544,
    ),
    (
        "tf_efficientnet_b6",
        56,
        [40, 72, 200],
        [3, 6, 6, 8, 8],
        579,
        7_965_988,
    ),
    (
        "tf_efficientnet_b7",
        64,
        [48, 80, 224],
        [4, 7, 7, 10, 10],
        707,
        12_439_064,
    ),
    (
        "tf_efficientnet_lite0",
        32,
        [24, 40, 112],
        [1, 2, 2, 3, 3],
        165,
        716_928,
    ),
    (
        "tf_efficientnet_lite1",
        32,
        [24, 40, 112],
        [1, 3, 3, 4, 4],
        225,
        1_012_096,
    ),
    (
        "tf_efficientnet_lite2",
        32,
        [24, 48, 120],
        [1, 3, 3, 4, 4],
        225,
        1_186_496,
    ),
    (
        "tf_efficientnet_lite3",
        32,
        [32, 48, 136],
        [1, 3, 3, 5, 5],
        255,
        1_821_552,
    ),
    (
        "tf_efficientnet_lite4",
        32,
        [32, 56, 160],
        [1, 4, 4, 6, 6],
        315,
        3_008_048,
    ),
    (
        "tf_efficientnetv2_b0",
        32,
        [32, 48, 112],
        [1, 2, 2, 3, 5],
        202,
        1_392_036,
    ),
    (
        "tf_efficientnetv2_b1",
        32,
        [32, 48, 112],
        [2, 3, 3, 4, 6],
        265,
        1_829_336,
    ),
    (
        "tf_efficientnetv2_b2",
        32,
        [32, 56, 120],
        [2, 3, 3, 4, 6],
        265,
        2_126_924,
    ),
    (
        "tf_efficientnetv2_b3",
        40,
        [40, 56, 136],
        [2, 3, 3, 5, 7],
        303,
        3_029_278,
    ),
    (
        "tf_efficientnetv2_s",
        24,
        [48, 64, 160],
        [2, 4, 4, 6, 9],
        380,
        5_339_192,
    ),
    (
        "tf_efficientnetv2_m",
        24,
        [48, 80, 176],
        [3, 5, 5, 7, 14],
        519,
        9_964_528,
    ),
    (
        "tf_efficientnetv2_l",
        32,
        [64, 96, 224],
        [4, 7, 7, 10, 19],
        716,
        21_669_576,
    ),
];

#[test]
fn every_architecture_has_timms_levels_and_sizes() {
    let device = Device::flex();
    assert_eq!(Architecture::ALL.len(), TIMM.len());
    for (&architecture, expected) in Architecture::ALL.iter().zip(TIMM) {
        let (name, stem, channels, blocks, tensors, values) = expected;
        assert_eq!(architecture.name(), name);
        let network = EfficientNet::random(architecture, &[4, 8, 16], 0, &device);
        assert_eq!(network.name(), name);
        let levels: Vec<_> = network
            .levels()
            .iter()
            .map(|l| (l.stride, l.channels))
            .collect();
        assert_eq!(
            levels,
            [(4, channels[0]), (8, channels[1]), (16, channels[2])],
            "{name}"
        );
        let offered: Vec<_> = architecture.levels().to_vec();
        assert_eq!(offered, network.levels(), "{name}");

        let folded = network.tensors();
        assert_eq!(folded[0].name, "conv_stem.weight", "{name}");
        assert_eq!(folded[0].shape, [stem, 3, 3, 3], "{name}");
        for (stage, &expected) in blocks.iter().enumerate() {
            let mut found: Vec<&str> = folded
                .iter()
                .filter_map(|t| t.name.strip_prefix(&format!("blocks.{stage}.")))
                .filter_map(|rest| rest.split_once('.').map(|(block, _)| block))
                .collect();
            found.dedup();
            assert_eq!(found.len(), expected, "{name}, stage {stage}");
        }

        // Unfolded, each convolution has a weight, and its norm four vectors; folded, it has one bias.
        let gates = |t: &&bgad_backbone::NamedTensor| t.name.contains(".se.");
        let gate_tensors = folded.iter().filter(gates).count();
        let biases: Vec<_> = folded
            .iter()
            .filter(|t| !gates(t) && t.name.ends_with(".bias"))
            .collect();
        assert_eq!(gate_tensors + 5 * biases.len(), tensors, "{name}");
        let folded_values: usize = folded.iter().map(|t| t.values.len()).sum();
        let bias_values: usize = biases.iter().map(|t| t.values.len()).sum();
        assert_eq!(folded_values + 3 * bias_values, values, "{name}");
    }
}

#[test]
fn names_round_trip_and_tags_are_dropped() {
    for &architecture in Architecture::ALL {
        assert_eq!(
            architecture.to_string().parse::<Architecture>().unwrap(),
            architecture
        );
        let tagged = format!("{architecture}.aa_in1k");
        assert_eq!(tagged.parse::<Architecture>().unwrap(), architecture);
    }
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let error = "resnet18".parse::<Architecture>().unwrap_err();
    assert!(matches!(error, BackboneError::UnknownArchitecture { .. }));
    let message = error.to_string();
    assert!(message.contains("`resnet18`"), "{message}");
    for architecture in Architecture::ALL {
        assert!(message.contains(architecture.name()), "{message}");
    }
}

#[test]
fn normalisation_follows_the_family_unless_overridden() {
    assert_eq!(Architecture::B6.normalization(), Normalization::IMAGENET);
    assert_eq!(Architecture::V2B3.normalization(), Normalization::IMAGENET);
    assert_eq!(Architecture::V2S.normalization(), Normalization::SYMMETRIC);
    assert!(!Architecture::V2S.is_otherwise_normalized("in21k"));
    assert!(Architecture::V2B3.is_otherwise_normalized("in21k"));
    assert_eq!(
        Architecture::Lite2.normalization(),
        Normalization::SYMMETRIC
    );
    let network = EfficientNet::random(Architecture::B0, &[4], 0, &Device::flex())
        .with_normalization(Normalization::SYMMETRIC);
    assert_eq!(network.normalization(), Normalization::SYMMETRIC);
}
