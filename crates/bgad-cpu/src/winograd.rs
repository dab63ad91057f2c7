//! Convolutions of 3 x 3 pixels with a quarter of the multiplications.
//!
//! Sixteen outputs, 4 x 4, come from 6 x 6 inputs. Both are values of polynomials, so that products of values at 36 points
//! replace 144 products (Winograd, *Arithmetic Complexity of Computations*, 1980; Lavin and Gray, *Fast Algorithms for
//! Convolutional Neural Networks*, arXiv:1509.09308). In each direction, the points are 0, ±2/3, ±3/2 and infinity. In a
//! simulation, rounding errors were then about 1.5 times those of the plain sum; with 0, ±1 and ±2, three times.
#![allow(clippy::needless_range_loop)] // plain loops, as in tile.rs: values stay in registers

use std::ops::Range;

use pulp::Simd;

use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};
use crate::register::{load, part, store};
use crate::{Finish, Matrix, MatrixMut, Panels, Start, multiply_panels};

/// Height and width of the outputs of one tile.
const TILE: usize = 4;
/// Height and width of the inputs of one tile.
const INPUT: usize = TILE + 2;
/// Products for one tile, of each channel with each output.
const POINTS: usize = INPUT * INPUT;
/// Tiles that are transformed together, so that their values stay in the cache.
const GROUP: usize = 16;
/// Values between those of one point and of the next. Without them, a tile's values at all points would share a few sets of
/// the cache, because they would lie a power of two apart.
const GAP: usize = 16;

/// Two of the points; their product is 1. The others are their negatives, 0 and infinity.
const A: f64 = 2.0 / 3.0;
const B: f64 = 3.0 / 2.0;

/// The weights of a convolution of 3 x 3 pixels with stride 1.
#[derive(Debug)]
pub struct Winograd {
    channels: usize,
    outputs: usize,
    /// For each point, `[channels, outputs]`.
    products: Vec<Panels>,
}

/// The map that a convolution reads, with its padding.
#[derive(Debug, Clone, Copy)]
pub struct PaddedMap<'a> {
    /// `[height, width, channels]`; see [`Winograd::padded`].
    pub values: &'a [f32],
    /// Pixels in a line.
    pub width: usize,
}

impl Winograd {
    /// The outputs in each direction that are computed together.
    pub const TILE: usize = TILE;

    /// Transforms `weights`, `[3 · 3 · channels, outputs]`, whose rows are in the order of lines, pixels and channels.
    ///
    /// # Panics
    /// If the number of rows is not a multiple of nine.
    pub fn new(weights: Matrix<'_>) -> Self {
        let (channels, outputs) = (weights.rows() / 9, weights.columns());
        assert_eq!(weights.rows(), 9 * channels, "rows of a 3 x 3 convolution");
        let of_points = of_weights();
        let mut transformed = vec![vec![0.0; channels * outputs]; POINTS];
        for channel in 0..channels {
            for output in 0..outputs {
                let weight = |y: usize, x: usize| {
                    f64::from(weights.at((y * 3 + x) * channels + channel, output))
                };
                for (point, values) in transformed.iter_mut().enumerate() {
                    let (down, across) = (of_points[point / INPUT], of_points[point % INPUT]);
                    let mut sum = 0.0;
                    for y in 0..3 {
                        for x in 0..3 {
                            sum += down[y] * across[x] * weight(y, x);
                        }
                    }
                    values[channel * outputs + output] = sum as f32;
                }
            }
        }
        let products = transformed.iter();
        let products = products.map(|of| Panels::new(Matrix::new(of, channels, outputs)));
        Self {
            channels,
            outputs,
            products: products.collect(),
        }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The lines, or pixels in a line, that [`apply`](Self::apply) reads for this many outputs.
    pub fn padded(outputs: usize) -> usize {
        outputs.next_multiple_of(TILE) + 2
    }

    /// Values that [`apply`](Self::apply) needs as memory.
    pub fn memory(&self) -> usize {
        POINTS * (GROUP * (self.channels + self.outputs) + 2 * GAP)
    }

    /// Convolves `map` and adds `bias`: writes `to`, `[lines, width, outputs]`. The map has [`padded`](Self::padded) lines
    /// of as many pixels, the first of which lie above and left of the first output. `memory` may hold anything.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn apply(
        &self,
        map: PaddedMap<'_>,
        bias: &[f32],
        width: usize,
        memory: &mut [f32],
        to: &mut [f32],
    ) {
        let lines = to.len() / (width * self.outputs).max(1);
        let needed = Self::padded(lines) * Self::padded(width) * self.channels;
        assert!(
            to.len() == lines * width * self.outputs
                && map.width == Self::padded(width)
                && map.values.len() >= needed
                && bias.len() == self.outputs
                && memory.len() >= self.memory(),
            "{} values of {} pixels a line, {} biases and {} values of memory for {lines} x {width} x {}",
            map.values.len(),
            map.width,
            bias.len(),
            memory.len(),
            self.outputs
        );
        let across = width.div_ceil(TILE);
        let tiles = across * lines.div_ceil(TILE);
        // Groups of about the same size.
        let group = tiles.div_ceil(tiles.div_ceil(GROUP).max(1)).max(1);
        let (inputs, products) = memory.split_at_mut(POINTS * (GROUP * self.channels + GAP));
        for first in (0..tiles).step_by(group) {
            let tiles = first..tiles.min(first + group);
            let count = tiles.len();
            let of_point = count * self.channels + GAP;
            let inputs = &mut inputs[..POINTS * of_point];
            let of_product = count * self.outputs + GAP;
            let products = &mut products[..POINTS * of_product];
            dispatch(Inputs {
                map,
                channels: self.channels,
                tiles: tiles.clone(),
                across,
                to: inputs,
            });
            let of_points = inputs.chunks_exact(of_point);
            let of_points = of_points.zip(products.chunks_exact_mut(of_product));
            for ((inputs, products), weights) in of_points.zip(&self.products) {
                multiply_panels(
                    Matrix::new(inputs, count, self.channels),
                    weights,
                    Start::Zero,
                    Finish::Nothing,
                    MatrixMut::new(products, count, self.outputs),
                );
            }
            dispatch(Outputs {
                products,
                bias,
                tiles,
                across,
                width,
                to,
            });
        }
    }
}

/// What each point takes of three weights.
fn of_weights() -> [[f64; 3]; INPUT] {
    let points = [0.0, A, -A, B, -B];
    let mut of_points = [[0.0; 3]; INPUT];
    for (i, point) in points.into_iter().enumerate() {
        let others = points.into_iter().enumerate().filter(|(j, _)| *j != i);
        let factor: f64 = others.map(|(_, other)| point - other).product();
        of_points[i] = [1.0 / factor, point / factor, point * point / factor];
    }
    of_points[INPUT - 1] = [0.0, 0.0, 1.0];
    of_points
}

/// Transforms the inputs of some tiles.
struct Inputs<'a> {
    map: PaddedMap<'a>,
    channels: usize,
    tiles: Range<usize>,
    /// Tiles in a line.
    across: usize,
    /// `[points, tiles, channels]`.
    to: &'a mut [f32],
}

impl SimdKernel for Inputs<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd, M: MultiplyAdd>(mut self, simd: S) {
        let line = self.map.width * self.channels;
        for (place, tile) in self.tiles.clone().enumerate() {
            let (y, x) = (tile / self.across * TILE, tile % self.across * TILE);
            let first = y * line + x * self.channels;
            let mut channel = 0;
            while channel + S::F32_LANES <= self.channels {
                self.tile::<S, true>(simd, (first, place), channel);
                channel += S::F32_LANES;
            }
            if channel < self.channels {
                self.tile::<S, false>(simd, (first, place), channel);
            }
        }
    }
}

impl Inputs<'_> {
    /// Transforms a register of channels of the tile at `place` among all, whose inputs begin at `first`; `WHOLE` if there
    /// are as many channels.
    #[inline(always)]
    fn tile<S: Simd, const WHOLE: bool>(
        &mut self,
        simd: S,
        (first, place): (usize, usize),
        channel: usize,
    ) {
        let (channels, count) = (self.channels, self.tiles.len());
        let line = self.map.width * channels;
        let first = first + channel;
        let lanes = part(channel, channels, simd).len();
        let mut values = [[simd.splat_f32s(0.0); INPUT]; INPUT];
        for column in 0..INPUT {
            let mut inputs = [simd.splat_f32s(0.0); INPUT];
            for row in 0..INPUT {
                let at = first + row * line + column * channels;
                inputs[row] = load_at::<S, WHOLE>(simd, self.map.values, at, lanes);
            }
            let inputs = of_inputs(simd, inputs);
            for row in 0..INPUT {
                values[row][column] = inputs[row];
            }
        }
        for row in 0..INPUT {
            let values = of_inputs(simd, values[row]);
            for column in 0..INPUT {
                let point = row * INPUT + column;
                let at = point * (count * channels + GAP) + place * channels + channel;
                store_at::<S, WHOLE>(simd, self.to, at, lanes, values[column]);
            }
        }
    }
}

/// Loads a register of `lanes` values; `WHOLE` if it has as many, so that only one check remains.
#[inline(always)]
fn load_at<S: Simd, const WHOLE: bool>(simd: S, from: &[f32], at: usize, lanes: usize) -> S::f32s {
    match WHOLE {
        true => load(simd, &from[at..][..S::F32_LANES]),
        false => load(simd, &from[at..][..lanes]),
    }
}

/// Stores a register of `lanes` values.
#[inline(always)]
fn store_at<S: Simd, const WHOLE: bool>(
    simd: S,
    to: &mut [f32],
    at: usize,
    lanes: usize,
    value: S::f32s,
) {
    match WHOLE {
        true => store(simd, &mut to[at..][..S::F32_LANES], value),
        false => store(simd, &mut to[at..][..lanes], value),
    }
}

/// What the points take of six inputs.
#[inline(always)]
fn of_inputs<S: Simd>(simd: S, x: [S::f32s; INPUT]) -> [S::f32s; INPUT] {
    let constant = |value: f64| simd.splat_f32s(value as f32);
    let add = |product: [S::f32s; 2], to: S::f32s| simd.mul_add_e_f32s(product[0], product[1], to);
    let both = constant(-(A * A + B * B));
    let (a_squared, b_squared) = (constant(-A * A), constant(-B * B));
    let (even_a, even_b) = (add([b_squared, x[2]], x[4]), add([a_squared, x[2]], x[4]));
    let (odd_a, odd_b) = (add([b_squared, x[1]], x[3]), add([a_squared, x[1]], x[3]));
    let (a, b) = (constant(A), constant(B));
    let (minus_a, minus_b) = (constant(-A), constant(-B));
    [
        add([both, x[2]], simd.add_f32s(x[0], x[4])),
        add([a, odd_a], even_a),
        add([minus_a, odd_a], even_a),
        add([b, odd_b], even_b),
        add([minus_b, odd_b], even_b),
        add([both, x[3]], simd.add_f32s(x[1], x[5])),
    ]
}

/// Transforms the products of some tiles back.
struct Outputs<'a> {
    /// `[points, tiles, outputs]`.
    products: &'a [f32],
    /// `[outputs]`.
    bias: &'a [f32],
    tiles: Range<usize>,
    across: usize,
    /// Pixels in a line of `to`.
    width: usize,
    /// `[lines, width, outputs]`.
    to: &'a mut [f32],
}

impl SimdKernel for Outputs<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd, M: MultiplyAdd>(mut self, simd: S) {
        let lines = self.to.len() / (self.width * self.bias.len()).max(1);
        for (place, tile) in self.tiles.clone().enumerate() {
            let (y, x) = (tile / self.across * TILE, tile % self.across * TILE);
            let size = (TILE.min(lines - y), TILE.min(self.width - x));
            let first = y * self.width + x;
            let mut output = 0;
            while output + S::F32_LANES <= self.bias.len() {
                self.tile::<S, true>(simd, (first, size), place, output);
                output += S::F32_LANES;
            }
            if output < self.bias.len() {
                self.tile::<S, false>(simd, (first, size), place, output);
            }
        }
    }
}

impl Outputs<'_> {
    /// Transforms a register of outputs of the tile at `place` among all, whose pixels begin at `first`; `WHOLE` if there
    /// are as many outputs.
    #[inline(always)]
    fn tile<S: Simd, const WHOLE: bool>(
        &mut self,
        simd: S,
        (first, (down, right)): (usize, (usize, usize)),
        place: usize,
        output: usize,
    ) {
        let (outputs, count) = (self.bias.len(), self.tiles.len());
        let lanes = part(output, outputs, simd).len();
        let bias = load_at::<S, WHOLE>(simd, self.bias, output, lanes);
        let mut values = [[simd.splat_f32s(0.0); INPUT]; TILE];
        for column in 0..INPUT {
            let mut products = [simd.splat_f32s(0.0); INPUT];
            for row in 0..INPUT {
                let point = row * INPUT + column;
                let at = point * (count * outputs + GAP) + place * outputs + output;
                products[row] = load_at::<S, WHOLE>(simd, self.products, at, lanes);
            }
            let products = of_products(simd, products);
            for row in 0..TILE {
                values[row][column] = products[row];
            }
        }
        for row in 0..down {
            let values = of_products(simd, values[row]);
            for column in 0..right {
                let at = (first + row * self.width + column) * outputs + output;
                let value = simd.add_f32s(values[column], bias);
                store_at::<S, WHOLE>(simd, self.to, at, lanes, value);
            }
        }
    }
}

/// Four outputs from six products.
#[inline(always)]
fn of_products<S: Simd>(simd: S, x: [S::f32s; INPUT]) -> [S::f32s; TILE] {
    let constant = |value: f64| simd.splat_f32s(value as f32);
    let add = |product: [S::f32s; 2], to: S::f32s| simd.mul_add_e_f32s(product[0], product[1], to);
    let (even_a, odd_a) = (simd.add_f32s(x[1], x[2]), simd.sub_f32s(x[1], x[2]));
    let (even_b, odd_b) = (simd.add_f32s(x[3], x[4]), simd.sub_f32s(x[3], x[4]));
    [
        simd.add_f32s(x[0], simd.add_f32s(even_a, even_b)),
        add([constant(A), odd_a], simd.mul_f32s(constant(B), odd_b)),
        add(
            [constant(A * A), even_a],
            simd.mul_f32s(constant(B * B), even_b),
        ),
        add(
            [constant(A * A * A), odd_a],
            add([constant(B * B * B), odd_b], x[5]),
        ),
    ]
}
