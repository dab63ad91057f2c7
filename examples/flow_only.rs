//! The conditional flow alone, as a density estimator on vectors: points on rings, whose radius is the
//! condition. The true density is known, so the learned one can be compared with it.
//!
//!     cargo run --release --example flow_only
#![allow(clippy::print_stdout)] // an example talks to a person

use std::convert::Infallible;
use std::f64::consts::PI;

use bgad_flow::{Conditions, FlowConfig, HostAdam, HostFlow, Workspace};
use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

const RADII: [f32; 2] = [1.0, 2.0];
const WIDTH: f32 = 0.2;
const STEPS: usize = 1000;
const POINTS: usize = 512;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let flow = FlowConfig::new(2).with_condition(1).with_blocks(12);
    let mut flow = HostFlow::new(&flow.init(0, &Device::flex())?)?;
    // Position 0 has condition 0, position 1 has condition 1.
    let conditions = Conditions::rows(vec![0.0, 1.0], 1);
    let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
    for step in 0..STEPS {
        let (points, places) = draw(&mut rng)?;
        // Maximum likelihood: the loss is the mean of -l, so each row's slope is -1/n.
        let slopes = |l: &[f32]| Ok::<_, Infallible>(Some(vec![-1.0 / l.len() as f32; l.len()]));
        let rows = (|i: usize| points[i].as_slice(), places.as_slice());
        let rate = 5e-3 * (1.0 - step as f64 / STEPS as f64);
        flow.step(&mut adam, rate, rows, &conditions, &mut workspace, slopes)?;
    }

    let (points, places) = draw(&mut rng)?;
    let learned = flow.prepare(&conditions);
    let mean = |values: &[f32]| f64::from(values.iter().sum::<f32>()) / values.len() as f64;
    // Log-likelihoods are per dimension, and there are two dimensions.
    let of_points = 2.0 * mean(&learned.log_likelihoods(points.as_flattened(), &places));
    let swapped: Vec<u32> = places.iter().map(|place| 1 - place).collect();
    let of_swapped = 2.0 * mean(&learned.log_likelihoods(points.as_flattened(), &swapped));
    println!(
        "mean log-likelihood of new points: {of_points:.3}, in truth {:.3}",
        truth(&points, &places)
    );
    println!("under the other ring's condition:  {of_swapped:.3}");
    Ok(())
}

/// Points around the rings, and the ring of each point.
fn draw(rng: &mut ChaCha8Rng) -> Result<(Vec<[f32; 2]>, Vec<u32>), rand_distr::NormalError> {
    let noise = Normal::new(0.0, WIDTH)?;
    let mut point = |index: usize| {
        let place = index % 2;
        let radius = RADII[place] + noise.sample(rng);
        let (sin, cos) = rng.random_range(0.0..2.0 * PI as f32).sin_cos();
        ([radius * cos, radius * sin], place as u32)
    };
    Ok((0..POINTS).map(&mut point).unzip())
}

/// The mean of `ln N(r; radius, width) - ln(2π r)`.
fn truth(points: &[[f32; 2]], places: &[u32]) -> f64 {
    let of = |(&[x, y], &place): (&[f32; 2], &u32)| {
        let (radius, width) = (f64::from(x.hypot(y)), f64::from(WIDTH));
        let z = (radius - f64::from(RADII[place as usize])) / width;
        -0.5 * z * z - width.ln() - 0.5 * (2.0 * PI).ln() - (2.0 * PI * radius).ln()
    };
    points.iter().zip(places).map(of).sum::<f64>() / points.len() as f64
}
