//! The score of an image from its map.

use crate::config::image_score::ImageScore;

impl ImageScore {
    /// The score of a map's values. The share is taken of the pixels of one input, `of_input`, because a
    /// defect is as large on an image of many tiles as on one of few.
    pub(crate) fn of(self, values: &[f32], of_input: usize) -> f32 {
        let Self::Top(share) = self else {
            return values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        };
        let count = ((of_input as f64 * share).round() as usize).clamp(1, values.len().max(1));
        let mut values = values.to_vec();
        if count < values.len() {
            values.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
        }
        values.truncate(count);
        // The selection leaves its values in any order; sorting makes their sum reproducible.
        values.sort_unstable_by(f32::total_cmp);
        (values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_share_is_a_mean_of_the_highest() {
        let values = [1.0, 9.0, 3.0, 5.0, 7.0, 0.0, 2.0, 8.0, 4.0, 6.0];
        assert_eq!(ImageScore::Maximum.of(&values, 10), 9.0);
        assert_eq!(ImageScore::Top(0.2).of(&values, 10), 8.5);
        assert_eq!(ImageScore::Top(0.001).of(&values, 10), 9.0);
        assert_eq!(ImageScore::Top(1.0).of(&values, 10), 4.5);
        assert_eq!(ImageScore::Top(1.0).of(&values, 2), 8.5);
    }
}
