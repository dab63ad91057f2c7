//! A backbone's features of a batch, by architecture and batch: random weights, 256 x 256 pixels.
//!
//!     cargo bench --workspace --bench backbone
#![allow(missing_docs)]

use std::hint::black_box;

use bgad::Device;
use bgad_backbone::{Architecture, Backbone, EfficientNet, FilterBank};
use burn::tensor::{Tensor, TensorData};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIDE: usize = 256;

fn images(batch: usize, device: &Device) -> Tensor<4> {
    let values = (0..batch * 3 * SIDE * SIDE).map(|i| (i as f32 * 0.731).sin());
    let shape = [batch, 3, SIDE, SIDE];
    Tensor::from_data(TensorData::new(values.collect::<Vec<f32>>(), shape), device)
}

fn backbone(criterion: &mut Criterion) {
    let device = Device::flex();
    let random = |architecture: Architecture| -> Box<dyn Backbone> {
        let network = EfficientNet::random(architecture, &[4, 8, 16], 0, &device);
        Box::new(network)
    };
    let mut backbones: Vec<Box<dyn Backbone>> = vec![Box::new(FilterBank::new(&device))];
    for name in [
        "tf_efficientnet_lite0",
        "tf_efficientnetv2_b0",
        "tf_efficientnet_b6",
    ] {
        if let Ok(architecture) = name.parse() {
            backbones.push(random(architecture));
        }
    }
    let mut group = criterion.benchmark_group("backbone");
    for backbone in backbones {
        for batch in [1, 8] {
            let images = images(batch, &device);
            group.throughput(Throughput::Elements(batch as u64));
            group.bench_function(BenchmarkId::new(backbone.name(), batch), |bencher| {
                bencher.iter(|| backbone.extract(black_box(images.clone())));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = backbone
}
criterion_main!(benches);
