//! Filters planes of numbers, and smooths and halves them.

use bgad_cpu::{Kernel, MultiplyAdd, run};
use rayon::prelude::*;

use crate::filter_channels::COLOUR_AXES;
use crate::filter_kernels::{HALVING, RADIUS, SIZE};

/// Planes of the same size: `[planes, height, width]`.
#[derive(Debug)]
pub(crate) struct Planes {
    pub values: Vec<f32>,
    pub height: usize,
    pub width: usize,
}

impl Planes {
    pub fn plane_size(&self) -> usize {
        self.height * self.width
    }

    pub fn iter(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.plane_size())
    }
}

/// Outputs that are summed together, in registers.
const BLOCK: usize = 16;

/// Luminance, red-green and yellow-blue planes of an image `[3, height, width]`.
pub(crate) fn opponents(image: &[f32], height: usize, width: usize) -> Planes {
    let mut values = vec![0.0; image.len()];
    run(ColourAxes {
        image,
        to: &mut values,
    });
    Planes {
        values,
        height,
        width,
    }
}

/// Computes each colour axis as a weighted sum of red, green and blue.
struct ColourAxes<'a> {
    image: &'a [f32],
    to: &'a mut [f32],
}

impl Kernel for ColourAxes<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let plane = self.image.len() / 3;
        let (red, rest) = self.image.split_at(plane);
        let (green, blue) = rest.split_at(plane);
        let axes = COLOUR_AXES.as_chunks::<3>().0;
        for (to, [r, g, b]) in self.to.chunks_exact_mut(plane).zip(axes) {
            let colours = red.iter().zip(green).zip(blue);
            for (to, ((red, green), blue)) in to.iter_mut().zip(colours) {
                *to = A::mul_add(*b, *blue, A::mul_add(*g, *green, r * red));
            }
        }
    }
}

/// Filters plane `index` with each of `kernels`, `[kernels, 7, 7]`. Borders repeat the last pixel. The result
/// has a plane for each kernel.
pub(crate) fn filter(planes: &Planes, index: usize, kernels: &[f32]) -> Planes {
    let (height, width) = (planes.height, planes.width);
    let size = planes.plane_size();
    let from = &planes.values[index * size..][..size];
    let padded_width = width + 2 * RADIUS;
    let padded = padded(from, (height, width), (RADIUS, RADIUS), (RADIUS, RADIUS));
    let kernels = kernels.par_chunks_exact(SIZE * SIZE);
    let mut values = vec![0.0; kernels.len() * size];
    let pieces = values.par_chunks_exact_mut(size).zip(kernels);
    pieces.for_each(|(to, kernel)| {
        run(Windows {
            from: &padded,
            from_width: padded_width,
            kernel,
            to,
            to_width: width,
        });
    });
    Planes {
        values,
        height,
        width,
    }
}

/// Smooths with a `[4, 4]` kernel and halves the size, rounded up.
pub(crate) fn halve(planes: &Planes, kernel: &[f32]) -> Planes {
    let (height, width) = (planes.height, planes.width);
    let halved = Planes {
        values: Vec::new(),
        height: height.div_ceil(2),
        width: width.div_ceil(2),
    };
    let to = halved.plane_size();
    let mut values = vec![0.0; planes.values.len() / planes.plane_size() * to];
    let pieces = values
        .par_chunks_exact_mut(to)
        .zip(planes.values.par_chunks_exact(planes.plane_size()));
    pieces.for_each(|(to, from)| {
        // An odd size gets one more pixel at the end.
        let rows = (1, 1 + height % 2);
        let padded = padded(from, (height, width), rows, (1, 1 + width % 2));
        let half = halved.width + 1;
        let every_other = |first: usize| -> Vec<f32> {
            let rows = padded.chunks_exact(2 * half);
            rows.flat_map(|row| row.iter().skip(first).step_by(2).copied())
                .collect()
        };
        run(Halving {
            columns: [&every_other(0), &every_other(1)],
            from_width: half,
            kernel,
            to,
            to_width: halved.width,
        });
    });
    Planes { values, ..halved }
}

/// Extends a plane of `height` rows and `width` columns by repeating its border pixels, for a number of rows
/// before and after and columns before and after.
fn padded(
    from: &[f32],
    (height, width): (usize, usize),
    (above, below): (usize, usize),
    (left, right): (usize, usize),
) -> Vec<f32> {
    let mut to = Vec::with_capacity((above + height + below) * (left + width + right));
    for y in 0..above + height + below {
        let row = &from[y.saturating_sub(above).min(height - 1) * width..][..width];
        to.extend(std::iter::repeat_n(row[0], left));
        to.extend_from_slice(row);
        to.extend(std::iter::repeat_n(row[width - 1], right));
    }
    to
}

/// A function that computes a plane of outputs.
trait Sums {
    /// `N` outputs of row `y`, from column `x` on.
    fn sums<const N: usize>(&self, y: usize, x: usize) -> [f32; N];
}

/// Writes a plane of `width` columns, block by block.
#[inline(always)]
fn fill(sums: &impl Sums, to: &mut [f32], width: usize) {
    for (y, row) in to.chunks_exact_mut(width).enumerate() {
        let (blocks, rest) = row.as_chunks_mut::<BLOCK>();
        let whole = blocks.len() * BLOCK;
        for (index, block) in blocks.iter_mut().enumerate() {
            *block = sums.sums(y, index * BLOCK);
        }
        for (index, value) in rest.iter_mut().enumerate() {
            [*value] = sums.sums(y, whole + index);
        }
    }
}

/// The sum of each window of `[7, 7]` values, times the kernel.
struct Windows<'a> {
    from: &'a [f32],
    from_width: usize,
    kernel: &'a [f32],
    to: &'a mut [f32],
    to_width: usize,
}

impl Sums for Windows<'_> {
    #[inline(always)]
    fn sums<const N: usize>(&self, y: usize, x: usize) -> [f32; N] {
        let mut sums = [0.0; N];
        for (ky, taps) in self.kernel.chunks_exact(SIZE).enumerate() {
            let line = &self.from[(y + ky) * self.from_width + x..][..N + SIZE - 1];
            for (kx, tap) in taps.iter().enumerate() {
                let values = &line[kx..kx + N];
                for j in 0..N {
                    sums[j] += values[j] * tap;
                }
            }
        }
        sums
    }
}

impl Kernel for Windows<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(mut self) {
        let to = std::mem::take(&mut self.to);
        fill(&self, to, self.to_width);
    }
}

/// The sum of each window of `[4, 4]` values that begins at an even row and column, times the kernel.
struct Halving<'a> {
    /// Even columns, then odd ones.
    columns: [&'a [f32]; 2],
    from_width: usize,
    kernel: &'a [f32],
    to: &'a mut [f32],
    to_width: usize,
}

impl Sums for Halving<'_> {
    #[inline(always)]
    fn sums<const N: usize>(&self, y: usize, x: usize) -> [f32; N] {
        let mut sums = [0.0; N];
        for (ky, taps) in self.kernel.chunks_exact(HALVING).enumerate() {
            let first = (2 * y + ky) * self.from_width + x;
            for (kx, tap) in taps.iter().enumerate() {
                let values = &self.columns[kx % 2][first + kx / 2..][..N];
                for j in 0..N {
                    sums[j] += values[j] * tap;
                }
            }
        }
        sums
    }
}

impl Kernel for Halving<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(mut self) {
        let to = std::mem::take(&mut self.to);
        fill(&self, to, self.to_width);
    }
}

#[cfg(test)]
mod tests {
    use super::{Planes, halve, padded};

    #[test]
    fn padding_repeats_the_last_pixels() {
        let found = padded(&[1.0, 2.0, 3.0, 4.0], (2, 2), (1, 0), (0, 2));
        let expected = [
            1.0, 2.0, 2.0, 2.0, //
            1.0, 2.0, 2.0, 2.0, //
            3.0, 4.0, 4.0, 4.0,
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn windows_of_halving_begin_a_pixel_before_each_pair() {
        let plane = Planes {
            values: (0..15).map(|v| v as f32).collect(),
            height: 3,
            width: 5,
        };
        // A kernel with one tap, in its second row and column, picks the first pixel of each pair.
        let mut kernel = [0.0; 16];
        kernel[5] = 1.0;
        let halved = halve(&plane, &kernel);
        assert_eq!((halved.height, halved.width), (2, 3));
        assert_eq!(halved.values, [0.0, 2.0, 4.0, 10.0, 12.0, 14.0]);
    }
}
