//! Weight files: what is accepted, and what is refused.
#![cfg(all(feature = "burn", feature = "random", feature = "weights"))]
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bgad_backbone::{Architecture, Backbone, BackboneError, EfficientNet, NamedTensor, Weights};
use burn::tensor::{Device, Tensor};
use half::{bf16, f16};
use safetensors::{Dtype, tensor::TensorView};
use tempfile::TempDir;

use crate::common;

const ARCHITECTURE: Architecture = Architecture::Lite0;

/// The output of `sha256sum` for the fixture.
const PLAIN_SHA256: &str = "0fca1f2a837e3d4c67958a68b6fc8315b2a028a3a956ad6ed918b66f2dc5ce31";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Raw weights of the architecture's first level.
fn raw() -> BTreeMap<String, NamedTensor> {
    common::raw(ARCHITECTURE, &[4])
}

/// Writes tensors as safetensors, each value encoded by `encode`.
fn write(
    folder: &TempDir,
    name: &str,
    tensors: &BTreeMap<String, NamedTensor>,
    dtype: Dtype,
    encode: impl Fn(f32) -> Vec<u8>,
) -> PathBuf {
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, t)| {
            (
                name.clone(),
                t.shape.clone(),
                t.values.iter().flat_map(|&v| encode(v)).collect(),
            )
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, shape, data)| (name, TensorView::new(dtype, shape.clone(), data).unwrap()));
    let path = folder.path().join(name);
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

fn write_f32(folder: &TempDir, tensors: &BTreeMap<String, NamedTensor>) -> PathBuf {
    write(folder, "weights.safetensors", tensors, Dtype::F32, |v| {
        v.to_le_bytes().to_vec()
    })
}

fn load(weights: &Weights) -> Result<EfficientNet, BackboneError> {
    EfficientNet::load(ARCHITECTURE, &[4], weights, &Device::flex())
}

fn load_error(tensors: &BTreeMap<String, NamedTensor>) -> BackboneError {
    let folder = TempDir::new().unwrap();
    load(&Weights::open(&write_f32(&folder, tensors)).unwrap()).unwrap_err()
}

#[test]
fn a_missing_tensor_is_named() {
    let mut tensors = raw();
    tensors.remove("blocks.1.0.bn2.running_mean").unwrap();
    let error = load_error(&tensors);
    assert!(
        matches!(&error, BackboneError::MissingTensor { tensor, .. } if tensor == "blocks.1.0.bn2.running_mean")
    );
    let message = error.to_string();
    for part in [
        "weights.safetensors",
        "blocks.1.0.bn2.running_mean",
        "[96]",
        "tf_efficientnet_lite0",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both() {
    let mut tensors = raw();
    tensors.get_mut("conv_stem.weight").unwrap().shape = vec![32, 27, 1, 1];
    let error = load_error(&tensors);
    assert!(matches!(error, BackboneError::Shape { .. }));
    let message = error.to_string();
    for part in [
        "weights.safetensors",
        "conv_stem.weight",
        "[32, 27, 1, 1]",
        "[32, 3, 3, 3]",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn weights_of_another_architecture_are_refused() {
    let folder = TempDir::new().unwrap();
    let weights = Weights::open(&write_f32(&folder, &raw())).unwrap();
    let error = EfficientNet::load(Architecture::B3, &[4], &weights, &Device::flex()).unwrap_err();
    assert!(
        matches!(
            error,
            BackboneError::Shape {
                architecture: Architecture::B3,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn values_that_cannot_be_weights_are_refused() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut tensors = raw();
        tensors.get_mut("blocks.0.0.conv_dw.weight").unwrap().values[7] = bad;
        let error = load_error(&tensors);
        assert!(
            matches!(&error, BackboneError::NonFinite { tensor, index: 7, .. } if tensor == "blocks.0.0.conv_dw.weight"),
            "{error}"
        );
    }
    let mut tensors = raw();
    tensors.get_mut("bn1.running_var").unwrap().values[3] = -0.5;
    let error = load_error(&tensors);
    assert!(
        matches!(&error, BackboneError::NegativeVariance { tensor, index: 3, .. } if tensor == "bn1.running_var")
    );

    // Each factor is finite, but not their product.
    let mut tensors = raw();
    tensors.get_mut("bn1.weight").unwrap().values[0] = 3e38;
    tensors.get_mut("conv_stem.weight").unwrap().values[0] = 3e38;
    assert!(matches!(
        load_error(&tensors),
        BackboneError::NonFinite { .. }
    ));
}

#[test]
fn a_truncated_file_is_damaged_wherever_it_is_cut() {
    let folder = TempDir::new().unwrap();
    let whole = std::fs::read(write_f32(&folder, &raw())).unwrap();
    let path = folder.path().join("cut.safetensors");
    for length in [9, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Weights::open(&path).unwrap_err();
        assert!(
            matches!(
                error,
                BackboneError::Corrupt {
                    format: "safetensors",
                    ..
                }
            ),
            "{length}: {error}"
        );
        assert!(error.to_string().contains("cut.safetensors"), "{error}");
    }
    let whole = std::fs::read(fixture("plain.pth")).unwrap();
    let path = folder.path().join("cut.pth");
    for length in [4, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Weights::open(&path).unwrap_err();
        assert!(
            matches!(
                error,
                BackboneError::Corrupt {
                    format: "PyTorch",
                    ..
                }
            ),
            "{length}: {error}"
        );
    }
}

#[test]
fn files_of_another_kind_are_described() {
    let folder = TempDir::new().unwrap();
    let open = |content: &[u8]| {
        let path = folder.path().join("weights.safetensors");
        std::fs::write(&path, content).unwrap();
        let error = Weights::open(&path).unwrap_err();
        assert!(
            matches!(error, BackboneError::UnknownFormat { .. }),
            "{error}"
        );
        error.to_string()
    };
    assert!(open(b"").contains("an empty file"));
    assert!(open(b"the weights are in another castle\n").contains("another castle"));
    assert!(open(b"{\"detail\": {\"error\": \"not found\"}}").contains("not found"));
    assert!(open(b"<!DOCTYPE html><html>").contains("a web page"));
    assert!(open(b"version https://git-lfs.github.com/spec/v1\noid").contains("LFS pointer"));
    assert!(open(&[0xff, 0xfe, 0, 1, 2, 3]).contains("6 bytes"));
}

#[test]
fn a_header_that_claims_too_much_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("huge.safetensors");
    for length in [u64::MAX, 1 << 40, 50] {
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(b"{\"conv_stem.weight\":{}}");
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(
            Weights::open(&path).unwrap_err(),
            BackboneError::Corrupt { .. }
        ));
    }
    let error = Weights::open(&fixture("repeated_view.pth")).unwrap_err();
    assert!(matches!(error, BackboneError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("conv_stem.weight"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Weights::open(Path::new("no/such/file.safetensors")).unwrap_err();
    assert!(matches!(error, BackboneError::Read { .. }));
    assert!(error.to_string().contains("no/such/file.safetensors"));
}

#[test]
fn integers_are_not_weights() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "int.safetensors", &raw(), Dtype::I32, |v| {
        (v as i32).to_le_bytes().to_vec()
    });
    let error = Weights::open(&path).unwrap_err();
    assert!(
        matches!(&error, BackboneError::ElementType { found, .. } if found == "I32"),
        "{error}"
    );
}

#[test]
fn other_precisions_are_read() {
    let folder = TempDir::new().unwrap();
    // Values that all formats represent exactly.
    let mut tensors = raw();
    for tensor in tensors.values_mut() {
        tensor
            .values
            .iter_mut()
            .for_each(|v| *v = bf16::from_f32(f16::from_f32(*v).to_f32()).to_f32());
        tensor
            .values
            .iter_mut()
            .for_each(|v| *v = f16::from_f32(*v).to_f32());
    }
    let expected = load(&Weights::open(&write_f32(&folder, &tensors)).unwrap())
        .unwrap()
        .tensors();
    let f16_path = write(&folder, "16", &tensors, Dtype::F16, |v| {
        f16::from_f32(v).to_le_bytes().to_vec()
    });
    let bf16_path = write(&folder, "b16", &tensors, Dtype::BF16, |v| {
        bf16::from_f32(v).to_le_bytes().to_vec()
    });
    let f64_path = write(&folder, "64", &tensors, Dtype::F64, |v| {
        f64::from(v).to_le_bytes().to_vec()
    });
    for path in [f16_path, bf16_path, f64_path] {
        let found = load(&Weights::open(&path).unwrap()).unwrap().tensors();
        assert!(found == expected, "{}", path.display());
    }
}

#[test]
fn tensors_beyond_what_is_needed_are_ignored() {
    let folder = TempDir::new().unwrap();
    let mut tensors = raw();
    let expected = load(&Weights::open(&write_f32(&folder, &tensors)).unwrap())
        .unwrap()
        .tensors();
    for (name, value) in [
        ("blocks.6.0.conv_dw.weight", f32::NAN),
        ("classifier.weight", 1.0),
        ("bn2.weight", 2.0),
    ] {
        let tensor = NamedTensor {
            name: name.to_owned(),
            shape: vec![2],
            values: vec![value; 2],
        };
        tensors.insert(name.to_owned(), tensor);
    }
    let found = load(&Weights::open(&write_f32(&folder, &tensors)).unwrap())
        .unwrap()
        .tensors();
    assert_eq!(found, expected);
}

#[test]
fn checkpoints_are_read_nested_or_not() {
    let folder = TempDir::new().unwrap();
    let plain = Weights::open(&fixture("plain.pth")).unwrap();
    let nested = Weights::open(&fixture("nested.pth")).unwrap();
    let plain_tensors = load(&plain).unwrap().tensors();
    // Not the moving average beside them, which is all zeros.
    assert_eq!(load(&nested).unwrap().tensors(), plain_tensors);
    assert_ne!(plain.checksum(), nested.checksum());

    // The content decides, not the name.
    let renamed = folder.path().join("model.safetensors");
    std::fs::copy(fixture("plain.pth"), &renamed).unwrap();
    assert_eq!(
        load(&Weights::open(&renamed).unwrap()).unwrap().tensors(),
        plain_tensors
    );
}

#[test]
fn the_checksum_is_the_files_sha256() {
    let weights = Weights::open(&fixture("plain.pth")).unwrap();
    let checksum = weights.checksum();
    assert_eq!(checksum, PLAIN_SHA256);
}

#[test]
fn weights_from_memory_equal_the_file() {
    let folder = TempDir::new().unwrap();
    let tensors = raw();
    let from_file = load(&Weights::open(&write_f32(&folder, &tensors)).unwrap()).unwrap();
    let weights = Weights::from_tensors(tensors.values().cloned()).unwrap();
    assert_eq!(weights.checksum().len(), 64);
    let from_memory = load(&weights).unwrap();
    assert_eq!(from_memory.tensors(), from_file.tensors());

    let mut changed = tensors.clone();
    changed.get_mut("bn1.bias").unwrap().values[0] += 1.0;
    let other = Weights::from_tensors(changed.into_values()).unwrap();
    assert_ne!(other.checksum(), weights.checksum());

    let short = NamedTensor {
        name: "bn1.bias".to_owned(),
        shape: vec![3],
        values: vec![0.0],
    };
    let error = Weights::from_tensors([short]).unwrap_err();
    assert!(matches!(
        error,
        BackboneError::ValueCount {
            found: 1,
            expected: Some(3),
            ..
        }
    ));
}

/// If `BGAD_WEIGHTS` names a folder of real weights, they load and give features that vary.
#[test]
fn real_weights_load_if_there_are_any() {
    let Some(folder) = std::env::var_os("BGAD_WEIGHTS").map(PathBuf::from) else {
        println!("skipped: BGAD_WEIGHTS names no folder of weights");
        return;
    };
    let device = Device::flex();
    for architecture in [Architecture::V2B0, Architecture::Lite0] {
        let weights = Weights::open(&folder.join(format!("{architecture}.safetensors"))).unwrap();
        let network = EfficientNet::load(architecture, &[4, 8, 16], &weights, &device).unwrap();
        let ramp = Tensor::<1, burn::tensor::Int>::arange(0..3 * 64 * 64, &device).float();
        let pyramid = network.extract((ramp * 0.37).sin().reshape([1, 3, 64, 64]));
        for (map, level) in pyramid.levels().iter().zip(network.levels()) {
            assert_eq!(map.dims()[1], level.channels);
            let values = map.to_data().try_to_vec::<f32>().unwrap();
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let variance =
                values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32;
            assert!(
                (1e-3..1e3).contains(&variance),
                "{architecture}, stride {}: {variance}",
                level.stride
            );
        }
    }
}
