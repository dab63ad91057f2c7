//! The objective on a mini-batch of 4096 log-likelihoods, with its gradients.
//!
//!     cargo bench --workspace --bench objective
#![allow(missing_docs, clippy::unwrap_used)]

use bgad::Device;
use bgad_loss::{LogLikelihoods, Objective};
use burn::tensor::{Tensor, TensorData};
use divan::Bencher;

const ROWS: usize = 4096;
/// Log-likelihoods on defects.
const ABNORMAL: usize = 256;

fn batch() -> Tensor<1> {
    let values: Vec<f32> = (0..ROWS).map(|i| (i as f32 * 0.731).sin() - 1.5).collect();
    let device = Device::flex().autodiff();
    Tensor::from_data(TensorData::new(values, [ROWS]), &device)
}

#[divan::bench(name = "maximum likelihood")]
fn maximum_likelihood(bencher: Bencher<'_, '_>) {
    let objective = Objective::default();
    bencher.with_inputs(batch).bench_local_values(|batch| {
        let l = batch.require_grad();
        let gradients = objective.first_meta_epoch(l.clone()).backward();
        l.grad(&gradients).unwrap().into_data()
    });
}

#[divan::bench(name = "bgad-fas")]
fn bgad_fas(bencher: Bencher<'_, '_>) {
    let objective = Objective::default();
    bencher.with_inputs(batch).bench_local_values(|batch| {
        let l = batch.require_grad();
        let sides = LogLikelihoods {
            normal: Some(l.clone().narrow(0, 0, ROWS - ABNORMAL)),
            abnormal: Some(l.clone().narrow(0, ROWS - ABNORMAL, ABNORMAL)),
        };
        let boundary = objective.batch_boundary(&sides).unwrap();
        let loss = objective.bgad_fas(&sides, boundary.as_ref()).total;
        l.grad(&loss.backward()).unwrap().into_data()
    });
}

fn main() {
    divan::main();
}
