//! The objective on a mini-batch of 4096 log-likelihoods, with its gradients.
//!
//!     cargo bench --workspace --bench objective
#![allow(missing_docs, clippy::unwrap_used)]

use bgad::Device;
use bgad_loss::{LogLikelihoods, Objective};
use burn::tensor::{Tensor, TensorData};
use criterion::{Criterion, criterion_group, criterion_main};

const ROWS: usize = 4096;
/// On defects.
const ABNORMAL: usize = 256;

fn objective(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    let values: Vec<f32> = (0..ROWS).map(|i| (i as f32 * 0.731).sin() - 1.5).collect();
    let objective = Objective::default();
    let batch = || Tensor::<1>::from_data(TensorData::new(values.clone(), [ROWS]), &device);
    let mut group = criterion.benchmark_group("objective");
    group.bench_function("maximum likelihood", |bencher| {
        bencher.iter(|| {
            let l = batch().require_grad();
            let gradients = objective.first_meta_epoch(l.clone()).backward();
            l.grad(&gradients).unwrap().into_data()
        });
    });
    group.bench_function("bgad-fas", |bencher| {
        bencher.iter(|| {
            let l = batch().require_grad();
            let sides = LogLikelihoods {
                normal: Some(l.clone().narrow(0, 0, ROWS - ABNORMAL)),
                abnormal: Some(l.clone().narrow(0, ROWS - ABNORMAL, ABNORMAL)),
            };
            let boundary = objective.batch_boundary(&sides).unwrap();
            let loss = objective.bgad_fas(&sides, boundary.as_ref()).total;
            l.grad(&loss.backward()).unwrap().into_data()
        });
    });
}

criterion_group!(benches, objective);
criterion_main!(benches);
