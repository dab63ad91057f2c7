//! The boundary-guided objective in your own training loop, with Burn's autodiff and Adam. A Gaussian with
//! one deviation per dimension replaces the flow: the objective needs only per-dimension log-likelihoods.
//!
//!     cargo run --release --example loss_only
#![allow(clippy::print_stdout)] // an example talks to a person

use bgad_loss::{LogLikelihoods, NORMALIZER, Objective, SeparatingBoundary};
use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};

const DIMENSION: usize = 8;

/// A density on vectors: `l = log p / d`.
#[derive(Module, Debug)]
struct Gaussian {
    mean: Param<Tensor<1>>,
    log_deviation: Param<Tensor<1>>,
}

impl Gaussian {
    /// Maps `[count, dimension]` to `[count]`.
    fn log_likelihood_per_dimension(&self, x: Tensor<2>) -> Tensor<1> {
        let log_deviation = self.log_deviation.val().unsqueeze::<2>();
        let z = (x - self.mean.val().unsqueeze::<2>()) / log_deviation.clone().exp();
        let constant = 0.5 * (2.0 * std::f64::consts::PI).ln();
        let each = z.square() * -0.5 - log_deviation - constant;
        each.mean_dim(1).squeeze_dim(1)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex().autodiff();
    device.seed(0);
    let mut density = Gaussian {
        mean: Param::from_tensor(Tensor::zeros([DIMENSION], &device)),
        log_deviation: Param::from_tensor(Tensor::ones([DIMENSION], &device)),
    };
    let objective = Objective::default();
    let mut adam = AdamConfig::new().init();
    let draw = |count, mean| {
        Tensor::<2>::random([count, DIMENSION], Distribution::Normal(mean, 1.0), &device)
    };
    for step in 0..300 {
        let features = LogLikelihoods {
            normal: Some(density.log_likelihood_per_dimension(draw(256, 0.0))),
            abnormal: Some(density.log_likelihood_per_dimension(draw(16, 1.5))),
        };
        let boundary = objective.batch_boundary(&features)?;
        let loss = objective.bgad_fas(&features, boundary.as_ref());
        if step % 100 == 0 {
            let value = |term: &Tensor<1>| term.clone().into_scalar::<f32>();
            let (total, pushed) = (value(&loss.total), value(&loss.abnormal));
            println!("step {step}: loss {total:.3}, of abnormal features {pushed:.3}");
        }
        let gradients = GradientsParams::from_grads(loss.total.backward(), &density);
        density = adam.step(0.02, density, gradients);
    }

    let normal = density
        .log_likelihood_per_dimension(draw(1000, 0.0))
        .into_data()
        .try_to_vec::<f32>()?;
    let boundary = SeparatingBoundary::of_set(&normal, objective.beta, objective.tau, &device)?;
    let boundary = boundary
        .ok_or("no normal features")?
        .normal
        .into_scalar::<f32>()
        * NORMALIZER as f32;
    let share = |values: &[f32]| {
        values.iter().filter(|l| **l < boundary).count() as f64 / values.len() as f64
    };
    let abnormal = density
        .log_likelihood_per_dimension(draw(1000, 1.5))
        .into_data()
        .try_to_vec::<f32>()?;
    println!(
        "below the boundary: {:.3} of the normal, {:.3} of the abnormal vectors",
        share(&normal),
        share(&abnormal)
    );
    Ok(())
}
