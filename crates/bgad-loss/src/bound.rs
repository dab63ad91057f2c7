//! The error bound of Appendix A.4.

/// An upper bound on the expected share of features that violate the boundary (Eq. 11): `((d/2 · ln 2π - 1/2)
/// · (b_n - b_a)) / λ + N / (N + M)`.
///
/// `dimension` is `d`; `margin` is `b_n - b_a` on normalized log-likelihoods; `lambda` is the weight of the
/// semi-push-pull terms; `normal` and `abnormal` are the numbers of features, N and M. This is a diagnostic
/// and may exceed 1. Without features the last term is 0.
pub fn error_bound(
    dimension: usize,
    margin: f64,
    lambda: f64,
    normal: usize,
    abnormal: usize,
) -> f64 {
    let entropy = dimension as f64 / 2.0 * (2.0 * std::f64::consts::PI).ln() - 0.5;
    let share = match normal + abnormal {
        0 => 0.0,
        total => normal as f64 / total as f64,
    };
    entropy * margin / lambda + share
}
