//! How much kinds of evidence count.

use super::tail::Tail;

/// How much kinds of evidence count, from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights {
    /// Of log-likelihoods in the image's score.
    pub likelihood: f32,
    /// Of log-likelihoods in place of distances: how fine the texture of normal images is.
    pub fineness: f32,
    /// Of deviations from what is normal at the same place: how alike normal images are there.
    pub alignment: f32,
    /// Of known defects, in the map that is shown.
    pub defects: f32,
    /// Of likeness to known defects beside the discriminant.
    pub likeness: f32,
}

/// Textures with at most this coherence are fine: next to nothing but chance makes neighbouring positions alike.
#[cfg(feature = "train")]
const FINE: f32 = 0.40;
/// Images with at least this coherence have structures that are larger than a position.
#[cfg(feature = "train")]
const COARSE: f32 = 0.46;
/// The weight of distances on fine textures.
const LEAST_DISTANCE: f32 = 0.25;

/// Up to this prominence of unlikely positions, no small part lies on a plain background, and log-likelihoods count in
/// full for the image's score.
const EVEN: f32 = 5.0;
/// From this prominence, they count for [`LEAST_LIKELIHOOD`].
const PROMINENT: f32 = 8.0;
/// The least weight of log-likelihoods for the image's score.
const LEAST_LIKELIHOOD: f32 = 0.5;

impl Weights {
    /// The weight of log-likelihoods with this tail in the image's score: less if a small part lies on a plain
    /// background. Most positions are then far more likely than those of any part, so that flows say where parts are
    /// rather than where defects are.
    pub fn of_likelihood(tail: &Tail) -> f32 {
        1.0 - (1.0 - LEAST_LIKELIHOOD) * Self::plainness(tail)
    }

    /// How far a small part lies on a plain background, by the tail of log-likelihoods, from 0 to 1.
    pub fn plainness(tail: &Tail) -> f32 {
        let prominence = (tail.prominence() - EVEN) / (PROMINENT - EVEN);
        prominence.clamp(0.0, 1.0)
    }

    /// How fine a texture is whose neighbouring positions are as alike as `coherence` says, from 0 to 1.
    #[cfg(feature = "train")]
    pub fn fineness(coherence: Option<f32>) -> f32 {
        let fine = coherence.map_or(0.0, |coherence| (COARSE - coherence) / (COARSE - FINE));
        fine.clamp(0.0, 1.0)
    }

    /// The weight of distances on a texture of this fineness.
    ///
    /// On a fine texture all positions are draws from one distribution, which the flows describe as well as the memory
    /// bank does. The bank's means over 3 x 3 positions then only blur small defects.
    #[inline]
    pub fn of_distance(fineness: f32) -> f32 {
        1.0 - (1.0 - LEAST_DISTANCE) * fineness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "train")]
    #[test]
    fn the_finer_a_texture_the_less_distances_count() {
        let of = |coherence| Weights::of_distance(Weights::fineness(coherence));
        let fine = (of(Some(0.33)), of(Some(0.40)));
        assert_eq!(fine, (LEAST_DISTANCE, LEAST_DISTANCE));
        let coarse = (of(Some(0.46)), of(Some(0.9)), of(None));
        assert_eq!(coarse, (1.0, 1.0, 1.0));
        let between = (of(Some(0.42)), of(Some(0.44)));
        assert!(between.0 > LEAST_DISTANCE && between.0 < between.1);
    }

    #[test]
    fn where_a_part_stands_out_log_likelihoods_count_less() -> Result<(), &'static str> {
        let weight = |part: f32| {
            // A fifth of all positions shows the part, and the others a plain background.
            let value = |at: usize| {
                let of_part = if at % 100 < 20 { part } else { 0.0 };
                (at % 97) as f32 / 97.0 + of_part
            };
            let tail = Tail::of((0..10_000).map(value).collect())?;
            let (weight, plainness) = (Weights::of_likelihood(&tail), Weights::plainness(&tail));
            assert!((weight + (1.0 - LEAST_LIKELIHOOD) * plainness - 1.0).abs() < 1e-6);
            Some(weight)
        };
        assert_eq!(weight(0.0), Some(1.0));
        assert_eq!(weight(20.0), Some(LEAST_LIKELIHOOD));
        let between = weight(3.0).ok_or("no tail")?;
        assert!(LEAST_LIKELIHOOD < between && between < 1.0, "{between}");
        Ok(())
    }
}
