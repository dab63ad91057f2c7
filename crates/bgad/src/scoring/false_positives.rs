//! What a threshold guarantees for normal images.
//!
//! If the normal images of a calibration were not used for training and new ones come from the same
//! distribution, the rank of a new normal image's score among theirs is uniform: split conformal prediction
//! (Vovk, Gammerman, Shafer 2005).

/// The threshold that a new normal image exceeds with probability at most `rate`: the
/// `ceil((n + 1)(1 - rate))`-th smallest of `n` scores. With too few scores for this rate it is the largest
/// one; `None` without scores.
pub(crate) fn threshold(sorted: &[f32], rate: f64) -> Option<f32> {
    let rank = ((sorted.len() as f64 + 1.0) * (1.0 - rate)).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

/// The share of normal images that score at least as high as `score`, counting the image itself.
pub(crate) fn p_value(sorted: &[f32], score: f32) -> f64 {
    let below = sorted.partition_point(|s| *s < score);
    let n = sorted.len();
    (n - below + 1) as f64 / (n + 1) as f64
}

/// The probability, averaged over calibrations, that a normal image scores above `threshold`.
pub(crate) fn rate(sorted: &[f32], threshold: f32) -> f64 {
    let n = sorted.len();
    (above(sorted, threshold) + 1) as f64 / (n + 1) as f64
}

/// The upper bound, with probability `confidence`, on the false-positive rate after a calibration on these
/// scores.
pub(crate) fn bound(sorted: &[f32], threshold: f32, confidence: f64) -> f64 {
    upper_end(above(sorted, threshold), sorted.len(), confidence)
}

/// The upper bound with this `confidence` on a rate, if `above` of `n` were seen: the upper end of the
/// Clopper-Pearson interval.
pub(crate) fn upper_end(above: usize, n: usize, confidence: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        match 1.0 - at_most(above, n, middle) < confidence {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

pub(crate) fn above(sorted: &[f32], threshold: f32) -> usize {
    sorted.len() - sorted.partition_point(|score| *score <= threshold)
}

/// The probability of at most `most` successes in `n` trials with success probability `rate`.
pub(crate) fn at_most(most: usize, n: usize, rate: f64) -> f64 {
    if most >= n {
        return 1.0;
    }
    let odds = rate.ln() - (-rate).ln_1p();
    let mut log = n as f64 * (-rate).ln_1p();
    let mut sum = log.exp();
    for j in 0..most {
        log += odds + ((n - j) as f64 / (j + 1) as f64).ln();
        sum += log.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_has_the_finite_sample_correction() {
        let scores: Vec<f32> = (1..=99).map(|s| s as f32).collect();
        assert_eq!(threshold(&scores, 0.01), Some(99.0));
        assert_eq!(threshold(&scores, 0.05), Some(95.0));
        assert_eq!(threshold(&scores[..19], 0.05), Some(19.0));
        // Too few to guarantee one in a hundred.
        assert_eq!(threshold(&scores[..5], 0.01), Some(5.0));
        assert_eq!(threshold(&[], 0.01), None);
    }

    #[test]
    fn binomial_sums_are_those_of_the_tables() {
        // 1 - 0.95^59 and the rule of 59: none of 59 above means under 5 % with 95 % confidence.
        assert!((at_most(0, 59, 0.05) - 0.04849).abs() < 1e-5);
        // Binomial(10, 0.3): P(X <= 3).
        assert!((at_most(3, 10, 0.3) - 0.649_611).abs() < 1e-6);
        assert_eq!(at_most(10, 10, 1.0), 1.0);
    }
}
