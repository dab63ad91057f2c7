//! The inverse discrete cosine transform, of several blocks at once.
//!
//! It is the usual one of integers: 12 fractional bits, columns first, two bits more between the passes. Its
//! samples are those of zune-jpeg, which decodes the other kinds.

use bgad_cpu::{Kernel, MultiplyAdd};

/// Blocks that are transformed at once.
pub(super) const BLOCKS: usize = 16;
/// Values of that many blocks.
pub(super) const GROUP: usize = 64 * BLOCKS;

/// Turns coefficients into samples.
pub(super) struct InverseDct<'a> {
    /// Groups of blocks that lie side by side. A group holds row for row, column for column the coefficient of
    /// each of its blocks.
    pub(super) coefficients: &'a [i16],
    /// Row for row.
    pub(super) quantization: &'a [i32; 64],
    /// Eight rows of samples.
    pub(super) samples: &'a mut [u8],
    /// Samples of a row, those of all groups.
    pub(super) stride: usize,
}

impl Kernel for InverseDct<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let mut values = [0; GROUP];
        let mut bytes = [0; GROUP];
        for (index, coefficients) in self.coefficients.as_chunks::<GROUP>().0.iter().enumerate() {
            columns(coefficients, self.quantization, &mut values);
            rows(&values, &mut bytes);
            let first = index * 8 * BLOCKS;
            let rows = self.samples.chunks_exact_mut(self.stride);
            for (row, bytes) in rows.zip(bytes.as_chunks::<{ 8 * BLOCKS }>().0) {
                let samples = row[first..first + 8 * BLOCKS].as_chunks_mut::<8>().0;
                for (block, samples) in samples.iter_mut().enumerate() {
                    for (x, sample) in samples.iter_mut().enumerate() {
                        *sample = bytes[x * BLOCKS + block];
                    }
                }
            }
        }
    }
}

/// The pass over columns.
#[inline(always)]
fn columns(coefficients: &[i16; GROUP], quantization: &[i32; 64], values: &mut [i32; GROUP]) {
    for x in 0..8 {
        for block in 0..BLOCKS {
            let mut column = [0; 8];
            for (y, value) in column.iter_mut().enumerate() {
                let coefficient = i32::from(coefficients[(y * 8 + x) * BLOCKS + block]);
                *value = coefficient.wrapping_mul(quantization[y * 8 + x]);
            }
            let column = transformed(column, 1 << 9);
            for (y, value) in column.into_iter().enumerate() {
                values[(y * 8 + x) * BLOCKS + block] = value >> 10;
            }
        }
    }
}

/// The pass over rows.
#[inline(always)]
fn rows(values: &[i32; GROUP], bytes: &mut [u8; GROUP]) {
    // Samples are centred around 0. The 512 belongs to the rounding of the first pass.
    const START: i32 = (1 << 16) + 512 + (128 << 17);
    for y in 0..8 {
        for block in 0..BLOCKS {
            let mut row = [0; 8];
            for (x, value) in row.iter_mut().enumerate() {
                *value = values[(y * 8 + x) * BLOCKS + block];
            }
            let row = transformed(row, START);
            for (x, value) in row.into_iter().enumerate() {
                bytes[(y * 8 + x) * BLOCKS + block] = (value >> 17).clamp(0, 255) as u8;
            }
        }
    }
}

/// `value` with 12 fractional bits.
const fn fixed(value: f64) -> i32 {
    (value * 4096.0 + 0.5) as i32
}

/// One row or column, with 12 fractional bits, on top of `start`. Sums wrap, which only damaged files see.
#[inline(always)]
fn transformed(c: [i32; 8], start: i32) -> [i32; 8] {
    let times = |value: i32, factor: i32| value.wrapping_mul(factor);
    let plus = |a: i32, b: i32| a.wrapping_add(b);
    let minus = |a: i32, b: i32| a.wrapping_sub(b);

    let turned = times(plus(c[2], c[6]), fixed(0.541196100));
    let even_2 = plus(turned, times(c[6], fixed(-1.847759065)));
    let even_3 = plus(turned, times(c[2], fixed(0.765366865)));
    let even_0 = plus(plus(c[0], c[4]) << 12, start);
    let even_1 = plus(minus(c[0], c[4]) << 12, start);
    let even = [
        plus(even_0, even_3),
        plus(even_1, even_2),
        minus(even_1, even_2),
        minus(even_0, even_3),
    ];

    let (sum_73, sum_51) = (plus(c[7], c[3]), plus(c[5], c[1]));
    let all = times(plus(sum_73, sum_51), fixed(1.175875602));
    let z_71 = plus(all, times(plus(c[7], c[1]), fixed(-0.899976223)));
    let z_53 = plus(all, times(plus(c[5], c[3]), fixed(-2.562915447)));
    let z_73 = times(sum_73, fixed(-1.961570560));
    let z_51 = times(sum_51, fixed(-0.390180644));
    let odd = [
        plus(times(c[1], fixed(1.501321110)), plus(z_71, z_51)),
        plus(times(c[3], fixed(3.072711026)), plus(z_53, z_73)),
        plus(times(c[5], fixed(2.053119869)), plus(z_53, z_51)),
        plus(times(c[7], fixed(0.298631336)), plus(z_71, z_73)),
    ];
    [
        plus(even[0], odd[0]),
        plus(even[1], odd[1]),
        plus(even[2], odd[2]),
        plus(even[3], odd[3]),
        minus(even[3], odd[3]),
        minus(even[2], odd[2]),
        minus(even[1], odd[1]),
        minus(even[0], odd[0]),
    ]
}
