//! Raw weights from a formula, the same as in `fixtures/make_features.py`.

use std::collections::BTreeMap;

use bgad_backbone::{Architecture, Backbone, EfficientNet, NamedTensor};
use burn::tensor::Device;

/// An architecture's raw weights under timm's names, as far as `strides` need them.
pub fn raw(architecture: Architecture, strides: &[usize]) -> BTreeMap<String, NamedTensor> {
    let folded = EfficientNet::random(architecture, strides, 0, &Device::flex()).tensors();
    let mut raw = BTreeMap::new();
    let mut add = |name: String, shape: Vec<usize>| {
        let tensor = by_formula(&name, shape);
        raw.insert(name, tensor);
    };
    let mut norms: BTreeMap<String, usize> = BTreeMap::new();
    for tensor in folded {
        let convolution = tensor
            .name
            .strip_suffix(".bias")
            .filter(|name| !name.contains(".se."));
        let Some(convolution) = convolution else {
            add(tensor.name, tensor.shape);
            continue;
        };
        // A block's norms are numbered in the order of its convolutions.
        let path = convolution
            .rsplit_once('.')
            .map_or(String::new(), |(path, _)| format!("{path}."));
        let count = norms.entry(path.clone()).or_default();
        *count += 1;
        for part in ["weight", "bias", "running_mean", "running_var"] {
            add(format!("{path}bn{count}.{part}"), tensor.shape.clone());
        }
    }
    raw
}

/// Numbers in `[0, 1)`, multiples of 2^-24, that depend only on the name.
pub fn numbers(name: &str, count: usize) -> impl Iterator<Item = f32> {
    let fnv = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (0..count as u32).map(move |index| {
        let mut x = fnv.wrapping_add(index.wrapping_mul(0x9e37_79b9));
        x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
        x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
        ((x ^ (x >> 16)) >> 8) as f32 / 16_777_216.0
    })
}

fn by_formula(name: &str, shape: Vec<usize>) -> NamedTensor {
    let count = shape.iter().product();
    let is_scale =
        name.ends_with(".running_var") || (name.ends_with(".weight") && shape.len() == 1);
    let values = if is_scale {
        numbers(name, count).map(|u| 0.5 + u).collect()
    } else if shape.len() == 1 {
        numbers(name, count).map(|u| (u - 0.5) * 0.25).collect()
    } else {
        let fan_in: usize = shape.iter().skip(1).product();
        let width = (12.0 / fan_in as f64).sqrt() as f32;
        numbers(name, count).map(|u| (u - 0.5) * width).collect()
    };
    NamedTensor {
        name: name.to_owned(),
        shape,
        values,
    }
}
