//! The objective with empty sets, and its settings.
#![cfg(feature = "burn")]

use bgad_loss::{
    FocalWeights, LogLikelihoods, LossError, MaximumLikelihood, Objective, SeparatingBoundary,
    error_bound,
};
use burn::tensor::{Device, Tensor};

fn scalar(tensor: Tensor<1>) -> f32 {
    tensor.into_scalar::<f32>()
}

#[test]
fn empty_sets_give_zero_and_a_finite_gradient() {
    let device = Device::flex().autodiff();
    let normal = Tensor::<1>::from_floats([-1.0, -1.1, -0.9], &device).require_grad();
    // Far below the boundary: no abnormal feature violates it.
    let abnormal = Tensor::<1>::from_floats([-90.0, -80.0], &device).require_grad();
    let features = LogLikelihoods {
        normal: Some(normal.clone()),
        abnormal: Some(abnormal.clone()),
    };
    for focal in [
        FocalWeights::None,
        FocalWeights::Program,
        FocalWeights::Paper,
    ] {
        let objective = Objective {
            focal,
            ..Objective::default()
        };
        let boundary = objective.batch_boundary(&features).unwrap();
        let terms = objective.bgad_fas(&features, boundary.as_ref());
        assert_eq!(scalar(terms.abnormal), 0.0);
        let gradients = terms.total.backward();
        assert_eq!(
            abnormal
                .grad(&gradients)
                .unwrap()
                .into_data()
                .try_to_vec::<f32>()
                .unwrap(),
            [0.0, 0.0]
        );
        let gradient = normal
            .grad(&gradients)
            .unwrap()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        assert!(
            gradient.iter().all(|g| g.is_finite() && *g < 0.0),
            "{gradient:?}"
        );
    }
}

#[test]
fn without_normal_features_only_the_abnormal_part_remains() {
    let device = Device::flex();
    let features = LogLikelihoods {
        normal: None,
        abnormal: Some(Tensor::from_floats([-1.0], &device)),
    };
    let objective = Objective::default();
    assert!(objective.batch_boundary(&features).unwrap().is_none());
    let boundary = SeparatingBoundary::at(-0.2, 0.1, &device);
    let terms = objective.bgad_fas(&features, Some(&boundary));
    // l / 10 = -0.1 lies 0.2 above b_a = -0.3.
    assert!((scalar(terms.total) - 0.2).abs() < 1e-6);
    assert_eq!(scalar(terms.maximum_likelihood), 0.0);
}

#[test]
fn bgad_fas_without_abnormal_features_is_maximum_likelihood_alone() {
    let device = Device::flex();
    let normal = Tensor::<1>::from_floats([-1.0, -2.0, -30.0], &device);
    let features = LogLikelihoods {
        normal: Some(normal.clone()),
        abnormal: None,
    };
    let objective = Objective::default();
    let boundary = SeparatingBoundary::at(-1.0, 0.1, &device);
    let fas = objective.bgad_fas(&features, Some(&boundary));
    assert_eq!(scalar(fas.total), scalar(fas.maximum_likelihood));
    let bgad = objective.bgad(normal, &boundary);
    // -30 / 10 = -3 lies 2 below -1.
    assert!((scalar(bgad.normal) - 2.0).abs() < 1e-6);
}

#[test]
fn maximum_likelihood_of_the_paper_is_the_negative_log_likelihood() {
    let l = Tensor::<1>::from_floats([-1.5], &Device::flex());
    let form = MaximumLikelihood::NegativeLogLikelihood { dimension: 40 };
    assert_eq!(scalar(form.per_feature(l)), 60.0);
}

#[test]
fn settings_out_of_range_are_named() {
    let wrong = |objective: Objective| match objective.check() {
        Err(LossError::Setting { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    let default = Objective::default();
    assert_eq!(
        wrong(Objective {
            beta: 1.0,
            ..default
        }),
        "beta"
    );
    assert_eq!(
        wrong(Objective {
            tau: -0.1,
            ..default
        }),
        "tau"
    );
    assert_eq!(
        wrong(Objective {
            lambda: f64::NAN,
            ..default
        }),
        "lambda"
    );
    default.check().unwrap();
    let error = SeparatingBoundary::of_set(&[-1.0, f32::NAN], 0.05, 0.1, &Device::flex());
    assert!(matches!(error, Err(LossError::NotFinite { index: 1, .. })));
}

#[test]
fn error_bound_is_equation_11() {
    // (20 ln 2π - 1/2) · 0.1 / 2 + 3/4
    let expected = (20.0 * 1.837_877_066_409_345_5 - 0.5) * 0.05 + 0.75;
    assert!((error_bound(40, 0.1, 2.0, 3, 1) - expected).abs() < 1e-12);
}
