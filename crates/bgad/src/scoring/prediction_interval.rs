//! Thresholds from few normal images.

use super::false_positives;
use super::fusion::{RobustSpread, USUAL_IMAGES};
use super::threshold::no_images;
use crate::error::Result;

/// So many normal images above the threshold are enough to count them; with fewer their distribution
/// is taken as normal.
const ENOUGH: f64 = 10.0;
/// With so many images the interval is twice as wide as their scores say, with ten times as many as wide
/// as they say: without that five drawn parts refused most good ones.
const SHARED_IMAGES: f64 = 6.0;
/// With more degrees of freedom Student's distribution is the normal one for our purposes.
const MOST_FREEDOM: usize = 400;

/// The threshold that a further normal image lies above with probability `rate`, of the held-out scores
/// of training images, in rising order.
///
/// Few images say nothing about one in a hundred by their ranks: the highest of them, one odd image,
/// would decide. With few images it is therefore the upper end of a prediction interval for normally
/// distributed scores, with median and median absolute deviation for mean and standard deviation; with
/// many it is the quantile; between them it passes from one to the other.
///
/// `usual` is the deviation of normal scores as it is found with enough images, where that is known.
pub(crate) fn predicted(sorted: &[f32], rate: f64, usual: Option<f64>) -> Result<f32> {
    let by_rank = false_positives::threshold(sorted, rate).ok_or_else(no_images)?;
    if rate == 0.0 {
        return Ok(by_rank);
    }
    let count = sorted.len();
    let mut spread = RobustSpread::of_sorted(sorted);
    let usual = usual.unwrap_or_else(|| f64::from(spread.median).abs() / 10.0);
    spread.draw_towards(usual, count);
    let freedom = count.saturating_sub(1) + USUAL_IMAGES as usize;
    let quantile = student_quantile(1.0 - rate.clamp(1e-6, 0.5), freedom);
    let images = count as f64;
    // Constants of the parts come from the same few images as their scores, which look too much alike.
    let shared = 1.0 + (SHARED_IMAGES / images).powi(2);
    let factor = quantile * (1.0 + 1.0 / images).sqrt() * shared;
    let by_spread = f64::from(spread.median) + factor * f64::from(spread.deviation);
    // Below one image beyond the threshold the highest score would be the rank's.
    let by_rank_share = ((count as f64 * rate - 1.0) / (ENOUGH - 1.0)).clamp(0.0, 1.0);
    Ok((by_rank_share * f64::from(by_rank) + (1.0 - by_rank_share) * by_spread) as f32)
}

/// The value that Student's distribution lies below with probability `share`, of at least a half.
fn student_quantile(share: f64, freedom: usize) -> f64 {
    let freedom = freedom.min(MOST_FREEDOM);
    let (mut low, mut high) = (0.0, 1.0);
    while student(high, freedom) < share && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        match student(middle, freedom) < share {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// Student's distribution function at `t >= 0`, by its finite series for whole degrees of freedom
/// (Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4).
fn student(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    let mut power = if odd { 3 } else { 2 };
    while power < freedom {
        term *= cosine * cosine * (power - 1) as f64 / power as f64;
        sum += term;
        power += 2;
    }
    let within = match odd {
        true => (angle + sine * sum) * std::f64::consts::FRAC_2_PI,
        false => sine * sum,
    };
    (1.0 + within) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (freedom, share, expected) in [
            (1, 0.99, 31.821),
            (2, 0.99, 6.965),
            (3, 0.95, 2.353),
            (9, 0.99, 2.821),
            (10, 0.99, 2.764),
            (30, 0.99, 2.457),
            (400, 0.99, 2.336),
        ] {
            let found = student_quantile(share, freedom);
            assert!((found - expected).abs() < 1e-3, "{freedom}: {found}");
        }
    }

    #[test]
    fn one_odd_image_does_not_decide() -> Result<()> {
        let mut scores: Vec<f32> = (0..30).map(|v| v as f32 / 10.0).collect();
        let plain = predicted(&scores, 0.01, None)?;
        scores.push(1000.0);
        let odd = predicted(&scores, 0.01, None)?;
        // A quantile would be the odd one.
        assert!(odd < 2.0 * plain, "{plain} {odd}");
        assert!(plain > 2.9);
        Ok(())
    }

    #[test]
    fn with_many_images_it_is_the_quantile() -> Result<()> {
        let scores: Vec<f32> = (1..=2000).map(|v| (v as f32 / 100.0).exp()).collect();
        let expected = false_positives::threshold(&scores, 0.01);
        assert_eq!(Some(predicted(&scores, 0.01, None)?), expected);
        assert!(predicted(&[], 0.01, None).is_err());
        // One image, and images that are all alike, have a threshold above their scores.
        assert!(predicted(&[1.0], 0.01, None)? > 1.0);
        assert!(predicted(&[1.0; 7], 0.01, None)? > 1.0);
        Ok(())
    }
}
