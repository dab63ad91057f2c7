//! The objective against reference vectors.
#![cfg(feature = "burn")]

use bgad_loss::{
    FocalWeights, LogLikelihoods, LossTerms, Objective, Reduction, SeparatingBoundary, violations,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::reader::{Golden, assert_close};

const TOLERANCE: f32 = 1e-5;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

fn tensor(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// The settings that the metadata gives as `beta=0.05 tau=0.1 normalizer=10 lambda=1`.
fn objective(settings: &str) -> Objective {
    let get = |key: &str| -> f64 {
        settings
            .split_whitespace()
            .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
            .expect(key)
            .parse()
            .unwrap()
    };
    assert_eq!(get("normalizer"), bgad_loss::NORMALIZER);
    Objective {
        beta: get("beta"),
        tau: get("tau"),
        lambda: get("lambda"),
        ..Objective::default()
    }
}

struct Case {
    log_p: Vec<f32>,
    abnormal: Vec<bool>,
    device: Device,
}

impl Case {
    fn side(&self, abnormal: bool) -> Tensor<1> {
        let of_side = self
            .log_p
            .iter()
            .zip(&self.abnormal)
            .filter(|(_, a)| **a == abnormal);
        tensor(of_side.map(|(l, _)| *l).collect(), &self.device)
    }

    /// Restores the file's order of both sides' values.
    fn joined(&self, normal: Vec<f32>, abnormal: Vec<f32>) -> Vec<f32> {
        let (mut normal, mut abnormal) = (normal.into_iter(), abnormal.into_iter());
        let take = |a: &bool| if *a { abnormal.next() } else { normal.next() };
        self.abnormal.iter().map(take).map(Option::unwrap).collect()
    }

    /// The terms, and the gradient of their total in the file's order.
    fn terms(&self, objective: &Objective) -> (LossTerms, Vec<f32>) {
        let normal = self.side(false).require_grad();
        let abnormal = self.side(true).require_grad();
        let features = LogLikelihoods {
            normal: Some(normal.clone()),
            abnormal: Some(abnormal.clone()),
        };
        let boundary = objective.batch_boundary(&features).unwrap();
        let terms = objective.bgad_fas(&features, boundary.as_ref());
        let gradients = terms.total.backward();
        let gradient = self.joined(
            values(normal.grad(&gradients).unwrap()),
            values(abnormal.grad(&gradients).unwrap()),
        );
        (terms, gradient)
    }
}

#[test]
fn golden_losses() {
    let golden = Golden::open("losses");
    let metadata = golden.metadata();
    let cases: Vec<String> = golden
        .names()
        .iter()
        .filter_map(|name| name.strip_suffix(".log_p").map(str::to_owned))
        .collect();
    assert!(!cases.is_empty());
    for name in cases {
        let get = |what: &str| golden.f32(&format!("{name}.{what}"));
        let case = Case {
            log_p: get("log_p"),
            abnormal: get("mask").iter().map(|v| *v > 0.5).collect(),
            device: Device::flex().autodiff(),
        };
        let close = |what: &str, found: Vec<f32>| {
            assert_close(
                &format!("{name}.{what}"),
                &found,
                &get(what),
                TOLERANCE,
                TOLERANCE,
            );
        };
        let objective = objective(&metadata[&name]);

        let (normal, abnormal) = (case.side(false), case.side(true));
        let boundary =
            SeparatingBoundary::of_batch(&normal, objective.beta, objective.tau).unwrap();
        let both = |b: &SeparatingBoundary| {
            [values(b.normal.clone()), values(b.abnormal.clone())].concat()
        };
        close("boundary", both(&boundary));
        let over_set = SeparatingBoundary::of_set(
            &values(normal.clone()),
            objective.beta,
            objective.tau,
            &case.device,
        );
        close("boundary", both(&over_set.unwrap().unwrap()));

        for (what, focal) in [
            ("weights_code", FocalWeights::Program),
            ("weights_paper", FocalWeights::Paper),
        ] {
            let weights = case.joined(
                values(focal.normal(&normal)),
                values(focal.abnormal(&abnormal)),
            );
            close(what, weights);
        }

        let (terms, gradient) = case.terms(&objective);
        close("ml", values(terms.maximum_likelihood));
        close(
            "spp_mean",
            [values(terms.normal), values(terms.abnormal)].concat(),
        );
        close("total", values(terms.total));
        close("grad_total", gradient);

        let (terms, gradient) = case.terms(&Objective {
            focal: FocalWeights::Program,
            ..objective
        });
        close("ml_weighted", values(terms.maximum_likelihood));
        close(
            "spp_mean_weighted",
            [values(terms.normal), values(terms.abnormal)].concat(),
        );
        close("total_weighted", values(terms.total));
        close("grad_total_weighted", gradient);

        let (terms, _) = case.terms(&Objective {
            reduction: Reduction::Sum,
            ..objective
        });
        close(
            "spp_sum",
            [values(terms.normal.clone()), values(terms.abnormal.clone())].concat(),
        );

        // The sum over the violations is their mean times their number.
        let features = LogLikelihoods {
            normal: Some(normal),
            abnormal: Some(abnormal),
        };
        let counts = violations(&features, &boundary);
        let counts = [values(counts.normal), values(counts.abnormal)].concat();
        let sums: Vec<f32> = get("spp_mean")
            .iter()
            .zip(&counts)
            .map(|(m, c)| m * c)
            .collect();
        close("spp_sum", sums);
    }
}
