//! Thresholds from the held-out scores of normal training images.

use super::false_positives;
use super::fusion::median;
use super::threshold::{Promise, no_images};
use crate::error::Result;

/// One odd image among few must not decide: the promised rate leaves two images above the threshold.
const ODD_IMAGES: f64 = 2.0;
/// Few images can promise only a high rate, and users want few false alarms. The threshold then aims at
/// this rate.
const HIGHEST_AIM: f64 = 0.1;
/// With this many images above the threshold, their number alone determines it.
const ENOUGH: f64 = 10.0;
/// The share of the scores that belongs to the tail.
const TAIL: f64 = 0.3;
/// The fewest scores of a tail.
const FEWEST: usize = 3;
/// The largest excess that counts, as a multiple of the tail's scale, which comes from its median. The lower it is, the
/// more the mean excess is underestimated; at 3, exponential scores exceeded the threshold a tenth too often.
const LARGEST_EXCESS: f64 = 3.1;
/// The constants that put the parts of a score on one scale come from the same few images, so their
/// scores look too much alike. With this many images, the threshold therefore lies twice as far
/// above the median as the scores alone suggest; with ten times as many, it lies where they
/// suggest. Without this, a model of five drawn parts rejected most good ones.
const SHARED_IMAGES: f64 = 7.0;
/// The weight of the usual mean excess, in images.
const USUAL_IMAGES: f64 = 1.0;

/// The false-alarm rate that held-out scores of this many images can promise, if `asked` is
/// requested.
fn supported_rate(asked: f64, images: usize) -> f64 {
    asked.max(ODD_IMAGES / (images + 1) as f64)
}

/// The threshold for a requested false-alarm rate, and the rate that it promises, from held-out
/// scores in rising order.
///
/// If fewer than some ten images lie above the threshold, ranks say too little. An exponential tail
/// is then fitted to the highest three tenths of the scores, by their mean excess; no score counts
/// with more than [`LARGEST_EXCESS`] times the scale. A Pareto tail, which would allow for the uncertainty of
/// that mean, kept a rate a quarter below the promised one on real sets: held-out scores come from
/// models that saw fewer images, so they are already somewhat too high.
///
/// `usual` is the mean excess of normal scores on sets with enough images.
pub(crate) fn promised(sorted: &[f32], asked: f64, usual: Option<f64>) -> Result<Promise> {
    let count = sorted.len();
    let by_rank = |rate| false_positives::threshold(sorted, rate).ok_or_else(no_images);
    if asked == 0.0 {
        let threshold = by_rank(asked)?;
        return Ok(Promise {
            threshold,
            rate: asked,
        });
    }
    let rate = supported_rate(asked, count);
    let aim = asked.max(rate.min(HIGHEST_AIM));
    let by_rank = by_rank(aim)?;
    let above = count as f64 * aim;
    let share = ((above - ODD_IMAGES) / (ENOUGH - ODD_IMAGES)).clamp(0.0, 1.0);
    let middle = f64::from(median(sorted));
    let shared = SHARED_IMAGES / count as f64;
    // Fewer still say even less than the square allows for.
    let apart = 1.0 + shared.powi(2) * shared.max(1.0).powi(3);
    let by_tail = middle + apart * (quantile_of_tail(sorted, aim, usual) - middle);
    Ok(Promise {
        threshold: (share * f64::from(by_rank) + (1.0 - share) * by_tail) as f32,
        rate,
    })
}

/// What a further score exceeds with probability `rate`, by the highest of `sorted` scores.
fn quantile_of_tail(sorted: &[f32], rate: f64, usual: Option<f64>) -> f64 {
    let count = sorted.len();
    let scores = ((TAIL * count as f64).ceil() as usize).max(FEWEST);
    let first = count.saturating_sub(scores);
    let start = f64::from(sorted[first.saturating_sub(1)]);
    let excesses: Vec<f32> = sorted[first..].iter().map(|s| s - start as f32).collect();
    let scale = f64::from(median(&excesses)) / std::f64::consts::LN_2;
    let bounded = excesses
        .iter()
        .map(|&excess| f64::from(excess).min(LARGEST_EXCESS * scale));
    let usual = usual.unwrap_or_else(|| f64::from(median(sorted)).abs() / 10.0);
    let scores = excesses.len() as f64;
    let mean = (bounded.sum::<f64>() + USUAL_IMAGES * usual) / (scores + USUAL_IMAGES);
    let mean = mean.max(1e-6);
    // Rates above the tail's own share lie at its start.
    let rarity = (scores / count as f64 / rate).max(1.0);
    start + mean * rarity.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_images_promise_what_they_can() {
        for (asked, images, rate) in [
            (0.01, 7, 0.25),
            (0.01, 99, 0.02),
            (0.01, 199, 0.01),
            (0.01, 5000, 0.01),
            (0.1, 31, 0.1),
        ] {
            let found = supported_rate(asked, images);
            assert!((found - rate).abs() < 1e-12, "{images}: {found}");
        }
    }

    #[test]
    fn one_odd_image_does_not_decide() -> Result<()> {
        let mut scores: Vec<f32> = (0..30).map(|v| v as f32 / 10.0).collect();
        let plain = promised(&scores, 0.01, None)?.threshold;
        scores.push(1000.0);
        let odd = promised(&scores, 0.01, None)?.threshold;
        // The highest score would be the odd one.
        assert!(odd < 2.0 * plain, "{plain} {odd}");
        assert!(plain > 2.7);
        Ok(())
    }

    #[test]
    fn exponential_scores_exceed_it_at_the_promised_rate() -> Result<()> {
        // Quantiles of an exponential distribution of mean 1.
        for count in [10, 40, 100, 250] {
            let quantile = |i: usize| -(1.0 - (i as f32 + 0.5) / count as f32).ln();
            let scores: Vec<f32> = (0..count).map(quantile).collect();
            let promise = promised(&scores, 0.01, Some(1.0))?;
            let seen = f64::from(-promise.threshold).exp();
            let aim = promise.rate.min(HIGHEST_AIM);
            assert!(seen < 1.1 * aim, "{count}: {seen}");
            // The threshold from few images is wide on purpose.
            let least = if count < 20 { 0.1 } else { 0.3 };
            assert!(seen > least * aim, "{count}: {seen}");
        }
        Ok(())
    }

    #[test]
    fn with_many_images_it_is_the_quantile() -> Result<()> {
        let scores: Vec<f32> = (1..=2000).map(|v| (v as f32 / 100.0).exp()).collect();
        let expected = false_positives::threshold(&scores, 0.01);
        let found = promised(&scores, 0.01, None)?;
        assert_eq!((Some(found.threshold), found.rate), (expected, 0.01));
        assert!(promised(&[], 0.01, None).is_err());
        // The threshold lies above the score of a single image, and above equal scores.
        assert!(promised(&[1.0], 0.01, None)?.threshold > 1.0);
        assert!(promised(&[1.0; 7], 0.01, None)?.threshold > 1.0);
        Ok(())
    }
}
