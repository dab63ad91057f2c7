//! How alike normal images are at the same position.

use bgad_data::random_stream::Purpose;
use rand::Rng;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};

use super::covariance::{AT_A_TIME, ShrunkCovariance, add_products, raise_smallest};
use super::position_gaussians::{MOST_DIRECTIONS, Projection};
use super::position_means::PositionSums;
use crate::features::accumulator::{Accumulator, HostFeatures};
use crate::features::flow_inputs::BankInputs;
use crate::features::neighborhoods::Reach;

/// How alike normal images are at the same position, and how their differences vary.
pub(crate) struct Alignment {
    inputs: BankInputs,
    sums: PositionSums,
    /// The channels whose products are summed, in ascending order.
    channels: Vec<usize>,
    /// Sums of products over some positions: the lower triangle of `[channels, channels]`.
    products: Vec<f64>,
}

/// The share of variance that positions explain up to which their Gaussians do not count, and from which they count in
/// full. Parts that lie in the same place in all images have .65 and more; parts that move and most textures, less than
/// .5.
const LOOSE: f32 = 0.5;
const ALIGNED: f32 = 0.7;
/// Of so many positions in a row, one enters the sums of products, which need far fewer rows than there are.
const SPACING: usize = 5;
/// The most channels in the sums of products: the work grows with their square.
const MOST_CHANNELS: usize = 256;
/// The shrinkage of the covariance, as for the flows' whitening: it keeps directions in which normal features hardly
/// vary from being blown up.
const SHRINKAGE: f64 = 0.1;

impl Alignment {
    /// Nothing yet, for vectors of a memory bank with these `inputs`.
    pub fn new(inputs: BankInputs, seed: u64) -> Self {
        let dimension = inputs.dimension();
        let count = dimension.min(MOST_CHANNELS);
        let mut rng = Purpose::Directions.stream(seed, 0);
        let mut channels = index::sample(&mut rng, dimension, count).into_vec();
        channels.sort_unstable();
        Self {
            sums: PositionSums::new(0, inputs.side, dimension),
            inputs,
            channels,
            products: vec![0.0; count * count],
        }
    }

    /// The weight of positions' Gaussians, from 0 to 1.
    pub fn weight(&self) -> f32 {
        ((self.sums.explained() - LOOSE) / (ALIGNED - LOOSE)).clamp(0.0, 1.0)
    }

    /// A projection onto random directions. The differences between images at the same position have about the
    /// identity as covariance there. `None` if no position has two vectors, or the covariance is degenerate.
    pub fn projection(&self, seed: u64) -> Option<Projection> {
        let (width, d) = (self.channels.len(), self.inputs.dimension());
        let (counts, sums) = self.sums.totals();
        let count: f64 = counts.iter().sum();
        let mut within = self.products.clone();
        let mut freedom = 0.0;
        for (position, n) in counts.iter().enumerate().step_by(SPACING) {
            let mean = |channel: &usize| sums[position * d + channel] / n;
            if *n > 0.0 {
                let means: Vec<f64> = self.channels.iter().map(mean).collect();
                let lines = within.chunks_exact_mut(width).enumerate();
                lines.for_each(|(i, line)| {
                    let line = line.iter_mut().zip(&means);
                    line.for_each(|(sum, mean)| *sum -= n * means[i] * mean);
                });
                freedom += n - 1.0;
            }
        }
        if freedom < 1.0 {
            return None;
        }
        let variance = |channel: usize| (within[channel * (width + 1)] / freedom).max(0.0);
        let mut deviation: Vec<f64> = (0..width).map(|c| variance(c).sqrt()).collect();
        raise_smallest(&mut deviation);
        // As correlations. Only the lower triangle is set.
        let correlation = |i: usize, j: usize| match i == j {
            true => 1.0,
            false => within[i.max(j) * width + i.min(j)] / freedom / (deviation[i] * deviation[j]),
        };
        let matrix = (0..width * width).map(|at| correlation(at / width, at % width));
        let mut covariance = ShrunkCovariance {
            matrix: matrix.collect(),
            shrinkage: 0.0,
            mean_variance: 1.0,
        };
        covariance.shrink_to(SHRINKAGE, width);
        let whitening = covariance.whitening(width)?;
        let directions = directions(width, &mut Purpose::Directions.stream(seed, 1));
        let count_of = directions.len() / width;
        let mut factors = vec![0.0; d * count_of];
        let lines = whitening.chunks_exact(width).zip(&deviation);
        for ((line, deviation), channel) in lines.zip(&self.channels) {
            let to = &mut factors[channel * count_of..][..count_of];
            for (to, direction) in to.iter_mut().zip(directions.chunks_exact(width)) {
                let product = line.iter().zip(direction);
                let product: f64 = product.map(|(w, along)| w * along).sum();
                *to = (product / deviation) as f32;
            }
        }
        let mut offset = vec![0.0; count_of];
        for (channel, factors) in factors.chunks_exact(count_of).enumerate() {
            let sum: f64 = sums.iter().skip(channel).step_by(d).sum();
            for (offset, factor) in offset.iter_mut().zip(factors) {
                *offset -= sum / count * f64::from(*factor);
            }
        }
        let offset = offset.into_iter().map(|value| value as f32).collect();
        Some(Projection::new(&factors, offset))
    }
}

impl Accumulator for Alignment {
    fn add(&mut self, features: &HostFeatures) {
        let vectors = features.joined(&self.inputs, Reach::Position);
        let counts = features.view.counts(self.inputs.side);
        self.sums.add_map(&counts, &vectors);
        let (width, dimension) = (self.channels.len(), self.inputs.dimension());
        let rows = vectors.chunks_exact(dimension).zip(&counts);
        let rows = rows.step_by(SPACING).filter(|(_, counts)| **counts);
        let rows = rows.flat_map(|(row, _)| self.channels.iter().map(|c| f64::from(row[*c])));
        let rows: Vec<f64> = rows.collect();
        for rows in rows.chunks(AT_A_TIME * width) {
            bgad_cpu::vectorized(|| add_products(&mut self.products, rows, width));
        }
    }
}

/// At most [`MOST_DIRECTIONS`] random directions of a space of this dimension, which are orthogonal and of length 1,
/// `[directions, dimension]`.
fn directions(dimension: usize, rng: &mut impl Rng) -> Vec<f64> {
    let mut found: Vec<f64> = Vec::new();
    while found.len() < dimension.min(MOST_DIRECTIONS) * dimension {
        let mut direction: Vec<f64> = (0..dimension).map(|_| StandardNormal.sample(rng)).collect();
        // Twice, because what rounding leaves of the others is large beside a small rest.
        for _ in 0..2 {
            for other in found.chunks_exact(dimension) {
                let along: f64 = other.iter().zip(&direction).map(|(a, b)| a * b).sum();
                let values = direction.iter_mut().zip(other);
                values.for_each(|(value, other)| *value -= along * other);
            }
        }
        let length = direction.iter().map(|value| value * value).sum::<f64>();
        found.extend(direction.iter().map(|value| value / length.sqrt()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::view::View;

    #[test]
    fn directions_are_orthogonal() {
        let found = directions(120, &mut Purpose::Directions.stream(3, 0));
        let rows: Vec<&[f64]> = found.chunks_exact(120).collect();
        assert_eq!(rows.len(), MOST_DIRECTIONS);
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate() {
                let product: f64 = a.iter().zip(*b).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
        assert_eq!(
            directions(3, &mut Purpose::Directions.stream(3, 0)).len(),
            9
        );
    }

    /// Inputs of `SIDE` by `SIDE` positions of three channels. Differences between inputs have large and correlated
    /// values; those between positions are `apart` times as large.
    fn alignment(inputs: usize, apart: f32) -> (Alignment, Vec<Vec<f32>>) {
        const SIDE: usize = 10;
        let mut alignment = Alignment::new(BankInputs::of_one_level(SIDE, 3), 0);
        let mut rng = Purpose::Sample.stream(7, 0);
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let places: Vec<f32> = (0..SIDE * SIDE).map(|_| apart * normal()).collect();
        let mut all = Vec::new();
        for _ in 0..inputs {
            let row = |place: &f32| {
                let [a, b, c] = [normal(), normal(), normal()];
                [40.0 + 5.0 * (a + place), a + b + place, 0.1 * (c + place)]
            };
            let values: Vec<f32> = places.iter().flat_map(row).collect();
            alignment.add(&HostFeatures {
                view: View::stretched(80),
                levels: vec![values.clone()],
            });
            all.push(values);
        }
        (alignment, all)
    }

    #[test]
    fn images_that_show_the_same_at_each_place_are_aligned() {
        let weight = |apart| alignment(12, apart).0.weight();
        assert_eq!(weight(0.0), 0.0);
        assert_eq!(weight(8.0), 1.0);
        let between = weight(1.4);
        assert!((0.1..0.9).contains(&between), "{between}");
        assert_eq!(alignment(1, 8.0).0.weight(), 0.0);
    }

    #[test]
    fn projected_differences_between_images_are_white() -> Result<(), &'static str> {
        let (alignment, inputs) = alignment(40, 6.0);
        let projection = alignment.projection(0).ok_or("none")?;
        let projected = inputs.iter().map(|values| projection.of(values));
        let projected: Vec<Vec<f32>> = projected.collect();
        let mut covariance = [[0f64; 3]; 3];
        for position in 0..100 {
            let value = |input: &Vec<f32>, c: usize| f64::from(input[position * 3 + c]);
            let mean = |c| projected.iter().map(|input| value(input, c)).sum::<f64>() / 40.0;
            let mean = [mean(0), mean(1), mean(2)];
            for input in &projected {
                for (i, row) in covariance.iter_mut().enumerate() {
                    for (j, sum) in row.iter_mut().enumerate() {
                        let product = (value(input, i) - mean[i]) * (value(input, j) - mean[j]);
                        *sum += product / (39 * 100) as f64;
                    }
                }
            }
        }
        // Shrinkage makes directions shorter in which values are correlated.
        for (i, row) in covariance.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let expected = f64::from(u8::from(i == j));
                assert!((value - expected).abs() < 0.4, "{covariance:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn what_does_not_vary_has_no_projection_or_a_finite_one() {
        assert!(alignment(1, 8.0).0.projection(0).is_none());
        let mut constant = Alignment::new(BankInputs::of_one_level(4, 2), 0);
        assert!(constant.projection(0).is_none());
        for _ in 0..3 {
            constant.add(&HostFeatures {
                view: View::stretched(32),
                levels: vec![vec![2.0; 32]],
            });
        }
        assert_eq!(constant.weight(), 0.0);
        let values = constant.projection(0).map(|of| of.of(&[2.0; 32]));
        assert!(values.is_some_and(|values| values.iter().all(|value| value.is_finite())));
    }
}
