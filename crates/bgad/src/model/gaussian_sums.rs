//! Fits the Gaussians of positions to normal training images.

use rayon::prelude::*;

use super::covariance::ShrunkCovariance;
use super::folds::Folds;
use super::position_gaussians::{Cells, Gaussians, PositionGaussians, Projection, triangle};
use crate::features::flow_inputs::BankInputs;

/// How many images the prior covariance of a cell counts for: that of all cells, with the cell's own mean variance.
const PRIOR_IMAGES: f64 = 12.0;
/// The share of all cells' covariance that is added to each: a background that hardly varies would make chance stand out.
const ADDED_SHARE: f64 = 0.05;
/// The shrinkage of all cells' covariance toward equal variances, as before the projection.
const SHRINKAGE: f64 = 0.1;
/// With fewer images, the Gaussians would describe chance.
const FEWEST_INPUTS: usize = 5;

/// Sums over the inputs of each fold; a single one without folds.
pub(super) struct FoldSums {
    folds: Folds,
    of_folds: Vec<Sums>,
    /// Number of inputs added so far.
    fed: usize,
}

/// Sums over inputs of projected vectors.
#[derive(Clone)]
struct Sums {
    cells: Cells,
    directions: usize,
    /// Number of vectors of each position.
    counts: Vec<f64>,
    /// `[positions, directions]`.
    values: Vec<f64>,
    /// Products of the values of each position, added over cells: the lower triangle of each, row after row.
    products: Vec<f64>,
}

impl FoldSums {
    /// Empty sums of projected vectors of `side` by `side` positions.
    pub fn new(side: usize, projection: &Projection, folds: &Folds) -> Self {
        let sums = Sums::new(side, projection.directions());
        Self {
            of_folds: vec![sums; folds.count().max(1)],
            folds: folds.clone(),
            fed: 0,
        }
    }

    /// Adds the next input's projected vectors, `[positions, directions]`, at the positions that count.
    pub fn add(&mut self, counts: &[bool], projected: &[f32]) {
        let fold = self.folds.of(self.fed);
        if let Some(sums) = self.of_folds.get_mut(fold) {
            sums.add_map(counts, projected);
        }
        self.fed += 1;
    }

    /// The Gaussians of all inputs and those without each fold; `None` if there are too few inputs.
    pub fn gaussians(
        self,
        inputs: BankInputs,
        projection: Projection,
    ) -> Option<PositionGaussians> {
        if self.fed < FEWEST_INPUTS {
            return None;
        }
        let mut all = Sums::new(inputs.side, projection.directions());
        self.of_folds.iter().for_each(|sums| all.add(sums, 1.0));
        let without = (0..self.folds.count()).into_par_iter().map(|fold| {
            let mut others = all.clone();
            others.add(&self.of_folds[fold], -1.0);
            Some((self.folds.inputs(fold), others.gaussians()?))
        });
        let without = without.collect::<Option<Vec<_>>>()?;
        let all = all.gaussians()?;
        Some(PositionGaussians::new(inputs, projection, all, without))
    }
}

impl Sums {
    fn new(side: usize, directions: usize) -> Self {
        let (positions, cells) = (side * side, Cells::new(side));
        Self {
            cells,
            directions,
            counts: vec![0.0; positions],
            values: vec![0.0; positions * directions],
            products: vec![0.0; cells.count() * triangle(directions)],
        }
    }

    /// Adds an input's projected vectors, `[positions, directions]`, at the positions that count.
    fn add_map(&mut self, counts: &[bool], projected: &[f32]) {
        let (cells, directions) = (self.cells, self.directions);
        let wide: Vec<f64> = projected.iter().map(|value| f64::from(*value)).collect();
        let rows = self.values.chunks_exact_mut(directions);
        let rows = rows.zip(wide.chunks_exact(directions));
        let positions = self.counts.iter_mut().zip(rows).zip(counts);
        for ((count, (sums, values)), _) in positions.filter(|(_, counts)| **counts) {
            *count += 1.0;
            let sums = sums.iter_mut().zip(values);
            sums.for_each(|(sum, value)| *sum += value);
        }
        let products = self.products.par_chunks_exact_mut(triangle(directions));
        products.enumerate().for_each(|(cell, products)| {
            bgad_cpu::vectorized(|| {
                for position in cells.positions(cell).filter(|position| counts[*position]) {
                    let row = &wide[position * directions..][..directions];
                    add_products(products, 1.0, row);
                }
            });
        });
    }

    /// Adds other sums, times a factor.
    fn add(&mut self, other: &Self, times: f64) {
        let of = |sums: &mut [f64], other: &[f64]| {
            let sums = sums.iter_mut().zip(other);
            sums.for_each(|(sum, value)| *sum += times * value);
        };
        of(&mut self.counts, &other.counts);
        of(&mut self.values, &other.values);
        of(&mut self.products, &other.products);
    }

    /// The Gaussians; `None` if no position was seen in two inputs.
    fn gaussians(&self) -> Option<Gaussians> {
        let k = self.directions;
        let mean = |(sum, count): (&[f64], &f64)| -> Vec<f64> {
            sum.iter().map(|sum| sum / count.max(1.0)).collect()
        };
        let means = self.values.chunks_exact(k).zip(&self.counts).map(mean);
        let means: Vec<Vec<f64>> = means.collect();
        // What positions' means explain is taken off the products.
        let mut scatters = self.products.clone();
        let mut seen = vec![Seen::default(); self.cells.count()];
        for (position, (mean, count)) in means.iter().zip(&self.counts).enumerate() {
            if *count == 0.0 {
                continue;
            }
            let cell = self.cells.of(position);
            seen[cell].positions += 1.0;
            seen[cell].vectors += count;
            let scatter = &mut scatters[cell * triangle(k)..][..triangle(k)];
            bgad_cpu::vectorized(|| add_products(scatter, -count, mean));
        }
        let variance = |(scatter, seen): (&[f64], &Seen)| {
            let squares: f64 = (0..k).map(|i| scatter[triangle(i) + i].max(0.0)).sum();
            (squares / k as f64, seen.vectors - seen.positions)
        };
        let cells = || scatters.chunks_exact(triangle(k)).zip(&seen);
        let (squares, freedom) = cells()
            .map(variance)
            .fold((0.0, 0.0), |sums, of| (sums.0 + of.0, sums.1 + of.1));
        if freedom < 1.0 {
            return None;
        }
        let usual = (squares / freedom).max(f64::MIN_POSITIVE);
        // The covariance of all cells, with a mean variance of 1. The projection makes it even for all inputs together;
        // without a fold it differs, and the fold's own inputs must not say how much.
        let mut pooled = vec![0.0; triangle(k)];
        for (scatter, _) in cells() {
            let sums = pooled.iter_mut().zip(scatter);
            sums.for_each(|(sum, value)| *sum += value * (1.0 - SHRINKAGE) / (freedom * usual));
        }
        (0..k).for_each(|i| pooled[triangle(i) + i] += SHRINKAGE);
        let cells: Vec<(&[f64], &Seen)> = cells().collect();
        let factors = cells.par_iter().map(|(scatter, seen)| {
            let (squares, freedom) = variance((scatter, seen));
            let own = if freedom > 0.0 {
                squares / freedom
            } else {
                usual
            };
            let images = seen.vectors / seen.positions.max(1.0);
            let share = images / (images + PRIOR_IMAGES) / freedom.max(1.0);
            let prior = PRIOR_IMAGES / (images + PRIOR_IMAGES) * own + ADDED_SHARE * usual;
            let value = |i: usize, j: usize| {
                let at = triangle(i.max(j)) + i.min(j);
                share * scatter[at] + prior * pooled[at]
            };
            let matrix = (0..k * k).map(|index| value(index / k, index % k));
            let covariance = ShrunkCovariance {
                matrix: matrix.collect(),
                shrinkage: 1.0,
                mean_variance: own,
            };
            // A row of it is a column of the inverse of the covariance's lower triangular factor.
            let inverse = covariance.whitening(k)?;
            let columns = inverse.chunks_exact(k).enumerate();
            let columns = columns.flat_map(|(number, column)| &column[number..]);
            Some(columns.map(|value| *value as f32).collect::<Vec<f32>>())
        });
        let factors = factors.collect::<Option<Vec<_>>>()?.concat();
        let narrow = |value: &f64| *value as f32;
        Some(Gaussians {
            cells: self.cells,
            counts: self.counts.iter().map(narrow).collect(),
            means: means.iter().flatten().map(narrow).collect(),
            factors,
            scales: Vec::new(),
        })
    }
}

/// Adds the products of a row's values, times a factor, to a lower triangle, row after row.
#[inline(always)]
fn add_products(mut triangle: &mut [f64], times: f64, row: &[f64]) {
    for (number, value) in row.iter().enumerate() {
        let (line, rest) = triangle.split_at_mut(number + 1);
        let first = times * value;
        let line = line.iter_mut().zip(row);
        line.for_each(|(sum, second)| *sum += first * second);
        triangle = rest;
    }
}

/// What a cell's products are summed over.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    vectors: f64,
    positions: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::neighborhoods::Neighborhoods;
    use crate::input::view::View;
    use bgad_data::random_stream::Purpose;
    use bgad_flow::Parameter;
    use rand_distr::{Distribution, StandardNormal};
    use std::collections::BTreeMap;
    use std::ops::Range;

    type Found = std::result::Result<(), Box<dyn std::error::Error>>;

    const SIDE: usize = 6;
    const PLACE: usize = 2 * SIDE + 3;

    /// Two values for each position: the mean of a position is its number; the second value follows the first.
    fn values(input: u64) -> Vec<f32> {
        let mut rng = Purpose::Sample.stream(5, input);
        let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
        let row = |position: usize| {
            let (a, b) = (normal(), normal());
            [position as f32 + a, position as f32 + a + 0.3 * b]
        };
        (0..SIDE * SIDE).flat_map(row).collect()
    }

    fn fitted(view: View, inputs: u64) -> Option<PositionGaussians> {
        let identity = Projection::new(&[1.0, 0.0, 0.0, 1.0], vec![0.0; 2]);
        let folds = Folds::of_images(&vec![1; inputs as usize], 4);
        let mut sums = FoldSums::new(SIDE, &identity, &folds);
        for input in 0..inputs {
            sums.add(&view.counts(SIDE), &values(input));
        }
        sums.gaussians(BankInputs::of_one_level(SIDE, 2), identity)
    }

    fn deviations(
        gaussians: &PositionGaussians,
        vectors: Vec<f32>,
        left_out: Range<usize>,
    ) -> Vec<f32> {
        let positions = Neighborhoods {
            vectors,
            mirrored: None,
            view: View::stretched(48),
        };
        gaussians.deviations(&positions, &left_out).values
    }

    #[test]
    fn each_position_is_in_one_cell() {
        for side in [1, 6, 16, 17, 32, 37] {
            let cells = Cells::new(side);
            let mut seen = vec![0; side * side];
            for cell in 0..cells.count() {
                for position in cells.positions(cell) {
                    assert_eq!(cells.of(position), cell);
                    seen[position] += 1;
                }
            }
            assert!(seen.iter().all(|times| *times == 1), "{side}");
            assert!(cells.count() <= 256);
        }
    }

    #[test]
    fn what_is_normal_elsewhere_is_not_normal_here() -> Found {
        let gaussians = fitted(View::stretched(48), 400).ok_or("none")?;
        let mut usual = values(999);
        let before = deviations(&gaussians, usual.clone(), 0..0);
        let mean = before.iter().sum::<f32>() / before.len() as f32;
        // Less than 1, because the prior covariance widens the direction in which values hardly vary.
        assert!((0.4..0.8).contains(&mean), "{mean}");
        // As at the next position, and against the correlation.
        for (value, least) in [
            ([16.0, 16.0], 0.5),
            ([20.0, 20.0], 3.0),
            ([16.0, 14.0], 2.0),
        ] {
            usual[2 * PLACE..][..2].copy_from_slice(&value);
            let found = deviations(&gaussians, usual.clone(), 0..0);
            assert!(found[PLACE] > least, "{value:?}: {}", found[PLACE]);
            assert_eq!(found[..PLACE], before[..PLACE]);
        }
        Ok(())
    }

    #[test]
    fn an_input_does_not_explain_itself() -> Found {
        let gaussians = fitted(View::stretched(48), 8).ok_or("none")?;
        let mean = |left_out| {
            let found = deviations(&gaussians, values(0), left_out);
            found.iter().sum::<f32>() / found.len() as f32
        };
        let (own, held_out) = (mean(0..0), mean(0..2));
        assert!(held_out > 1.1 * own, "{held_out} {own}");
        Ok(())
    }

    #[test]
    fn positions_in_the_padding_have_no_deviation() -> Found {
        let view = View::centred(48, 24, 48);
        let gaussians = fitted(view, 12).ok_or("none")?;
        let found = deviations(&gaussians, values(50), 0..0);
        let counts = view.counts(SIDE);
        assert!(counts.contains(&false) && counts.contains(&true));
        for (value, counts) in found.iter().zip(counts) {
            assert_eq!(*value > 0.0, counts);
        }
        Ok(())
    }

    #[test]
    fn too_little_to_say_how_images_vary() {
        for inputs in 0..FEWEST_INPUTS {
            assert!(fitted(View::stretched(48), inputs as u64).is_none());
        }
        assert!(fitted(View::stretched(48), FEWEST_INPUTS as u64).is_some());
    }

    #[test]
    fn in_bytes_deviations_are_about_the_same() -> Found {
        let single = fitted(View::stretched(48), 20).ok_or("none")?;
        let mut bytes = single.clone();
        bytes.round_to_bytes();
        for left_out in [0..0, 0..5] {
            let found = deviations(&bytes, values(70), left_out.clone());
            let exact = deviations(&single, values(70), left_out);
            assert_ne!(found, exact);
            for (found, exact) in found.iter().zip(exact) {
                assert!(
                    (found - exact).abs() < 0.02 * exact.max(0.1),
                    "{found} {exact}"
                );
            }
        }
        let factors = bytes.parameters().into_iter();
        let mut factors = factors.filter(|(name, ..)| *name == "factors");
        let (_, _, factors) = factors.next().ok_or("no factors")?;
        let whole = |value: &f32| value.fract() == 0.0 && value.abs() <= 127.0;
        assert!(factors.iter().all(whole));
        Ok(())
    }

    #[test]
    fn a_model_file_has_all_of_it() -> Found {
        for in_bytes in [false, true] {
            a_model_file_has_all(in_bytes)?;
        }
        Ok(())
    }

    fn a_model_file_has_all(in_bytes: bool) -> Found {
        let mut gaussians = fitted(View::stretched(48), 20).ok_or("none")?;
        if in_bytes {
            gaussians.round_to_bytes();
        }
        let parameters = || -> BTreeMap<String, Parameter> {
            let named = gaussians.parameters().into_iter();
            let named =
                named.map(|(name, shape, values)| (name.to_owned(), Parameter { shape, values }));
            named.collect()
        };
        let restore = |mut parameters| {
            PositionGaussians::restore(&mut parameters, BankInputs::of_one_level(SIDE, 2))
        };
        let read = restore(parameters())?;
        assert_eq!(
            deviations(&read, values(70), 0..0),
            deviations(&gaussians, values(70), 0..0)
        );
        for name in parameters().keys() {
            let mut missing = parameters();
            missing.remove(name);
            let mut short = parameters();
            if let Some(parameter) = short.get_mut(name) {
                parameter.shape[0] -= 1;
                let values = parameter.shape.iter().product();
                parameter.values.truncate(values);
            }
            let mut infinite = parameters();
            if let Some(parameter) = infinite.get_mut(name) {
                parameter.values[0] = f32::INFINITY;
            }
            // Without scales, whole numbers are factors like others.
            let missing = (name != "scales").then_some(missing);
            for damaged in missing.into_iter().chain([short, infinite]) {
                let text = restore(damaged).err().map(|error| error.to_string());
                let text = text.unwrap_or_default();
                assert!(text.contains("position_gaussians"), "{name}: {text}");
            }
        }
        Ok(())
    }
}
