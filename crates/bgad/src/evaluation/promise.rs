//! Whether false alarms are consistent with a promised rate.

use crate::detector::description::ModelDescription;
use crate::scoring::false_positives::{above, at_most, upper_end};

/// The probability that a test set is consistent with a promise that holds, and the one-sided confidence of
/// each end of an interval.
const CONFIDENCE: f64 = 0.975;

/// The 95 % Clopper-Pearson confidence interval of a rate, if `seen` of `n` were seen.
pub(super) fn interval(seen: usize, n: usize) -> [f64; 2] {
    [
        1.0 - upper_end(n - seen, n, CONFIDENCE),
        upper_end(seen, n, CONFIDENCE),
    ]
}

/// The most false alarms among `images` normal ones that are consistent with the model's promise; `None` if
/// it promises nothing.
///
/// A threshold from training images promises the rate itself. A threshold from `n` new images, `j` of which
/// score above it, promises the rate on average over calibrations: its own rate has the distribution
/// `Beta(j + 1, n - j)`, so false alarms are beta-binomial.
pub(super) fn most_false_alarms(description: &ModelDescription, images: usize) -> Option<usize> {
    let rate = description.promised_rate?;
    let scores = &description.normal_scores;
    let most = match description.calibrated {
        true => {
            let above = above(scores, description.threshold);
            most_by_calibration(above, scores.len(), images)
        }
        false => (0..images).find(|&most| at_most(most, images, rate) >= CONFIDENCE),
    };
    Some(most.unwrap_or(images))
}

fn most_by_calibration(above: usize, n: usize, images: usize) -> Option<usize> {
    let (a, b) = ((above + 1) as f64, (n - above) as f64);
    if b == 0.0 {
        return None;
    }
    let none = (0..images).map(|i| ((b + i as f64) / (a + b + i as f64)).ln());
    let mut log: f64 = none.sum();
    let mut sum = 0.0;
    for seen in 0..images {
        sum += log.exp();
        if sum >= CONFIDENCE {
            return Some(seen);
        }
        let left = (images - seen) as f64;
        log += (left / (seen + 1) as f64 * (a + seen as f64) / (b + left - 1.0)).ln();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_tables() {
        for (seen, n, expected) in [
            (0, 14, [0.0, 0.231_6]),
            (3, 20, [0.032_1, 0.378_9]),
            (8, 18, [0.215_3, 0.692_4]),
            (5, 5, [0.478_2, 1.0]),
        ] {
            let found = interval(seen, n);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 5e-5, "{seen} of {n}: {found}");
            }
        }
    }

    #[test]
    fn a_calibration_by_few_images_allows_more() {
        // None of three above the threshold: of two new images, none is above with probability .6, at most
        // one with .9.
        assert_eq!(most_by_calibration(0, 3, 2), None);
        // Of 999, the sum over one new image is 999 of 1000.
        assert_eq!(most_by_calibration(0, 999, 1), Some(0));
        // Ten of a thousand: close to the binomial distribution of .01, slightly wider.
        assert_eq!(most_by_calibration(9, 999, 100), Some(3));
        assert_eq!(most_by_calibration(9, 39, 100), Some(42));
        // All above, and so many images that a product of probabilities would underflow.
        assert_eq!(most_by_calibration(3, 3, 5), None);
        let many = most_by_calibration(499, 999, 20_000);
        assert_eq!(many, Some(10_635));
    }
}
