//! A backbone's features, by architecture and batch size: random weights, 256 x 256 pixels.
//!
//!     cargo bench --workspace --bench backbone
#![allow(missing_docs, clippy::unwrap_used)]

use bgad::Device;
use bgad_backbone::{Architecture, Backbone, EfficientNet, FilterBank};
use burn::tensor::{Tensor, TensorData};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

const SIDE: usize = 256;

fn images(batch: usize, device: &Device) -> Tensor<4> {
    let values = (0..batch * 3 * SIDE * SIDE).map(|i| (i as f32 * 0.731).sin());
    let shape = [batch, 3, SIDE, SIDE];
    Tensor::from_data(TensorData::new(values.collect::<Vec<f32>>(), shape), device)
}

/// The filter bank's name, or an architecture with random weights.
fn backbone(name: &str, device: &Device) -> Box<dyn Backbone> {
    match name {
        "filter-bank" => Box::new(FilterBank::new(device)),
        _ => {
            let architecture: Architecture = name.parse().unwrap();
            Box::new(EfficientNet::random(architecture, &[4, 8, 16], 0, device))
        }
    }
}

#[divan::bench(
    args = ["filter-bank", "tf_efficientnet_lite0", "tf_efficientnetv2_b0", "tf_efficientnet_b6"],
    consts = [1, 8],
    sample_count = 10,
    sample_size = 1
)]
fn extract<const BATCH: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let device = Device::flex();
    let backbone = backbone(name, &device);
    let images = images(BATCH, &device);
    bencher
        .counter(ItemsCount::new(BATCH))
        .bench_local(|| backbone.extract(black_box(images.clone())));
}

fn main() {
    divan::main();
}
