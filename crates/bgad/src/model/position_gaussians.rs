//! How far each position lies from normal ones at the same place.

use std::collections::BTreeMap;
use std::ops::Range;

use bgad_cpu::{Finish, Matrix, MatrixMut, Panels, Start, multiply_panels};
use bgad_flow::Parameter;

#[cfg(feature = "train")]
use super::bank_rows::Named;
use super::kept_tensors::KeptTensors;
use super::likelihoods::PositionMap;
use super::mirrored;
use crate::error::Result;
use crate::features::flow_inputs::BankInputs;
use crate::features::neighborhoods::Neighborhoods;

/// The most directions in which Gaussians are measured.
pub(super) const MOST_DIRECTIONS: usize = 96;
/// The most cells in a row of a map.
const CELLS: usize = 16;

/// A Gaussian of the vectors of each position, from the memory bank's levels, for normal images that show the same thing at the same
/// place.
///
/// The memory bank does not know places: a screw is normal to it wherever the part has none. Gaussians of positions find
/// what is normal elsewhere, and small differences where images hardly vary (Defard and others, *PaDiM: a Patch
/// Distribution Modeling Framework for Anomaly Detection and Localization*, 2021). Unlike there, vectors are whitened by
/// their differences at the same position before random directions are drawn, and the covariance is that of a cell of
/// positions, shrunk toward that of all cells.
#[derive(Debug, Clone)]
pub(crate) struct PositionGaussians {
    inputs: BankInputs,
    projection: Projection,
    all: Gaussians,
    /// Gaussians without a fold of the normal training inputs, each with that fold's inputs; empty in a model read from
    /// a file.
    #[cfg(feature = "train")]
    without: Vec<(Range<usize>, Gaussians)>,
}

/// `x · factors + offset`.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    /// `[dimension, directions]`.
    factors: Panels,
    offset: Vec<f32>,
}

impl Projection {
    /// From factors `[dimension, directions]` and the offset of each direction.
    pub fn new(factors: &[f32], offset: Vec<f32>) -> Self {
        let directions = offset.len();
        let factors = Matrix::new(factors, factors.len() / directions.max(1), directions);
        Self {
            factors: Panels::new(factors),
            offset,
        }
    }

    /// The projections, `[vectors, directions]`, of `vectors`, `[vectors, dimension]`.
    pub fn of(&self, vectors: &[f32]) -> Vec<f32> {
        let (dimension, directions) = (self.factors.rows(), self.offset.len());
        let count = vectors.len() / dimension.max(1);
        let mut projected = vec![0.0; count * directions];
        multiply_panels(
            Matrix::new(vectors, count, dimension),
            &self.factors,
            Start::Row(&self.offset),
            Finish::Nothing,
            MatrixMut::new(&mut projected, count, directions),
        );
        projected
    }

    /// The number of directions.
    #[cfg(feature = "train")]
    pub fn directions(&self) -> usize {
        self.offset.len()
    }
}

/// The Gaussians of all positions of a map.
#[derive(Debug, Clone)]
pub(super) struct Gaussians {
    pub cells: Cells,
    /// The number of images that each position was seen in.
    pub counts: Vec<f32>,
    /// `[positions, directions]`.
    pub means: Vec<f32>,
    /// The inverse of each cell's covariance's lower triangular factor, column after column without the zeros above:
    /// `[cells, directions (directions + 1) / 2]`.
    pub factors: Vec<f32>,
    /// If factors are rounded to bytes, the unit of each column's: `[cells, directions]`.
    #[cfg_attr(not(feature = "train"), allow(dead_code))] // a model file's
    pub scales: Vec<f32>,
}

/// Squares of positions that share a covariance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells {
    /// Rows and columns of positions.
    side: usize,
    /// Positions in a row of a cell.
    width: usize,
}

impl Cells {
    /// The cells of a map of `side` by `side` positions.
    pub fn new(side: usize) -> Self {
        Self {
            side,
            width: side.div_ceil(CELLS).max(1),
        }
    }

    /// The number of cells in a row.
    fn in_row(self) -> usize {
        self.side.div_ceil(self.width)
    }

    /// The number of cells.
    pub fn count(self) -> usize {
        self.in_row() * self.in_row()
    }

    /// The positions of a cell.
    #[cfg(feature = "train")]
    pub fn positions(self, cell: usize) -> impl Iterator<Item = usize> {
        let Self { side, width } = self;
        let (left, top) = (cell % self.in_row() * width, cell / self.in_row() * width);
        let columns = left..side.min(left + width);
        let rows = top..side.min(top + width);
        rows.flat_map(move |y| columns.clone().map(move |x| y * side + x))
    }

    /// The cell of a position.
    pub fn of(self, position: usize) -> usize {
        let (x, y) = (position % self.side, position / self.side);
        y / self.width * self.in_row() + x / self.width
    }
}

/// The number of values in a triangle of this many rows.
pub(super) fn triangle(rows: usize) -> usize {
    rows * (rows + 1) / 2
}

/// A mean of fewer images says nothing about others.
const FEWEST: f32 = 2.0;

impl Gaussians {
    /// The root mean square of each position's whitened `projected` values, `[positions, directions]`; 0 where too few
    /// images were seen.
    fn deviations(&self, projected: &[f32], directions: usize) -> Vec<f32> {
        let rows = projected.chunks_exact(directions);
        let rows = rows.zip(self.means.chunks_exact(directions)).enumerate();
        let mut whitened = vec![0.0; directions];
        let of_position = |(position, (row, mean)): (usize, (&[f32], &[f32]))| {
            if self.counts[position] < FEWEST {
                return 0.0;
            }
            let size = triangle(directions);
            let mut factors = &self.factors[self.cells.of(position) * size..][..size];
            whitened.fill(0.0);
            for (column, (value, mean)) in row.iter().zip(mean).enumerate() {
                let (factors_of, rest) = factors.split_at(directions - column);
                let sums = whitened[column..].iter_mut().zip(factors_of);
                sums.for_each(|(sum, factor)| *sum += factor * (value - mean));
                factors = rest;
            }
            let squares: f32 = whitened.iter().map(|value| value * value).sum();
            (squares / directions as f32).sqrt()
        };
        bgad_cpu::vectorized(|| rows.map(of_position).collect())
    }
}

/// Changes each factor of `[cells, directions (directions + 1) / 2]` by its column's scale, `[cells, directions]`.
fn each_column(
    mut factors: &mut [f32],
    directions: usize,
    scales: &[f32],
    of: impl Fn(f32, f32) -> f32,
) {
    for (column, scale) in scales.iter().enumerate() {
        let (values, rest) = factors.split_at_mut(directions - column % directions);
        values
            .iter_mut()
            .for_each(|value| *value = of(*value, *scale));
        factors = rest;
    }
}

#[cfg(feature = "train")]
impl Gaussians {
    /// Rounds each column's factors to multiples of a 127th of the largest.
    fn round_to_bytes(&mut self, directions: usize) {
        let mut factors = self.factors.as_slice();
        self.scales = (0..self.cells.count() * directions)
            .map(|column| {
                let (values, rest) = factors.split_at(directions - column % directions);
                factors = rest;
                let largest = values
                    .iter()
                    .fold(0f32, |most, value| most.max(value.abs()));
                (largest / f32::from(i8::MAX)).max(f32::MIN_POSITIVE)
            })
            .collect();
        let rounded = |value: f32, scale: f32| (value / scale).round() * scale;
        each_column(&mut self.factors, directions, &self.scales, rounded);
    }
}

impl PositionGaussians {
    /// From the Gaussians of all normal training inputs and those without each fold.
    #[cfg(feature = "train")]
    pub(super) fn new(
        inputs: BankInputs,
        projection: Projection,
        all: Gaussians,
        without: Vec<(Range<usize>, Gaussians)>,
    ) -> Self {
        Self {
            inputs,
            projection,
            all,
            without,
        }
    }

    /// How far each position of an input with these vectors of single positions lies from the normal ones at the same
    /// place, by Gaussians without the training inputs `left_out`. With a mirrored image it is the mean of both.
    pub fn deviations(&self, positions: &Neighborhoods, left_out: &Range<usize>) -> PositionMap {
        #[cfg(feature = "train")]
        let without = self.without.iter().find(|(inputs, _)| inputs == left_out);
        #[cfg(feature = "train")]
        let gaussians = without.map_or(&self.all, |(_, gaussians)| gaussians);
        #[cfg(not(feature = "train"))]
        let (gaussians, _) = (&self.all, left_out);
        let directions = self.projection.offset.len();
        let of = |vectors: &[f32], _: bool| {
            gaussians.deviations(&self.projection.of(vectors), directions)
        };
        mirrored::map(positions, self.inputs.side, of)
    }

    /// Rounds the factors to bytes.
    #[cfg(feature = "train")]
    pub fn round_to_bytes(&mut self) {
        let directions = self.projection.directions();
        let without = self.without.iter_mut().map(|(_, gaussians)| gaussians);
        for gaussians in without.chain([&mut self.all]) {
            gaussians.round_to_bytes(directions);
        }
    }

    /// The projection and the Gaussians under their names in a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<Named> {
        let Projection { factors, offset } = &self.projection;
        let (dimension, directions) = (self.inputs.dimension(), offset.len());
        let Gaussians {
            cells,
            counts,
            means,
            factors: of_cells,
            scales,
        } = &self.all;
        let shape = vec![dimension, directions];
        let mut of_cells = of_cells.clone();
        let mut parameters = Vec::new();
        if !scales.is_empty() {
            let whole = |value: f32, scale: f32| (value / scale).round();
            each_column(&mut of_cells, directions, scales, whole);
            let shape = vec![cells.count(), directions];
            parameters.push((SCALES, shape, scales.clone()));
        }
        parameters.extend([
            (DIRECTIONS, shape, factors.to_row_major()),
            (OFFSET, vec![directions], offset.clone()),
            (COUNTS, vec![counts.len()], counts.clone()),
            (MEANS, vec![counts.len(), directions], means.clone()),
            (FACTORS, vec![cells.count(), triangle(directions)], of_cells),
        ]);
        parameters
    }

    /// Restores the Gaussians from a model file.
    pub fn restore(
        parameters: &mut BTreeMap<String, Parameter>,
        inputs: BankInputs,
    ) -> Result<Self> {
        let dimension = inputs.dimension();
        let mut kept = KeptTensors::of_positions("position_gaussians", parameters, dimension);
        let (positions, cells) = (inputs.side * inputs.side, Cells::new(inputs.side));
        let most = dimension.min(MOST_DIRECTIONS);
        let few = |shape: &[usize]| matches!(shape, [count] if (1..=most).contains(count));
        let offset = kept.take(OFFSET, few, |_| true)?;
        let directions = offset.len();
        let mut take = |name, shape: &[usize], least: f32| {
            kept.take(name, |found| found == shape, |value| value >= least)
        };
        let projected = take(DIRECTIONS, &[dimension, directions], f32::MIN)?;
        let counts = take(COUNTS, &[positions], 0.0)?;
        let means = take(MEANS, &[positions, directions], f32::MIN)?;
        let shape = [cells.count(), triangle(directions)];
        let mut factors = take(FACTORS, &shape, f32::MIN)?;
        let mut scales = Vec::new();
        if kept.parameters.contains_key(SCALES) {
            let shape = [cells.count(), directions];
            scales = kept.take(SCALES, |found| found == shape, |scale| scale > 0.0)?;
            each_column(&mut factors, directions, &scales, |value, scale| {
                value * scale
            });
        }
        Ok(Self {
            projection: Projection::new(&projected, offset),
            all: Gaussians {
                cells,
                counts,
                means,
                factors,
                scales,
            },
            inputs,
            #[cfg(feature = "train")]
            without: Vec::new(),
        })
    }
}

/// Names in a model file.
const DIRECTIONS: &str = "directions";
const OFFSET: &str = "offset";
const COUNTS: &str = "counts";
const MEANS: &str = "means";
const FACTORS: &str = "factors";
const SCALES: &str = "scales";
