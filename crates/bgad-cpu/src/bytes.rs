//! Rounds numbers to bytes.

use crate::BytePanels;
use crate::arithmetic::MultiplyAdd;
use crate::dots::LARGEST;
use crate::kernel::{Kernel, run};

/// The largest byte allowed in the left operand of a product.
pub const LARGEST_BYTE: u8 = LARGEST;

/// Adding 1.5 · 2^23 rounds a small number to the nearest integer and leaves it in the sum's low bits.
const ROUNDING: f32 = 12_582_912.0;

/// Rounds rows of numbers to bytes, with a factor and a zero point for each column.
#[derive(Debug, Clone, PartialEq)]
pub struct ByteRounding {
    /// Repeated until they fill whole lines.
    factors: Vec<f32>,
    zeros: Vec<f32>,
    columns: usize,
}

/// Numbers rounded at once: they give one AVX2 register of bytes.
const LINE: usize = 32;

impl ByteRounding {
    /// In column `c`, a step of one byte is `1 / factors[c]`, and `zeros[c]` is the byte of the number 0.
    ///
    /// # Panics
    /// If there are no factors, or not as many factors as zeros.
    pub fn new(factors: &[f32], zeros: &[f32]) -> Self {
        let columns = factors.len();
        assert!(
            columns == zeros.len() && columns > 0,
            "{columns} factors, {} zeros",
            zeros.len()
        );
        let length = (1..=LINE)
            .map(|times| times * columns)
            .find(|length| length.is_multiple_of(LINE));
        let length = length.unwrap_or(LINE * columns);
        let all = |values: &[f32]| values.iter().copied().cycle().take(length).collect();
        Self {
            factors: all(factors),
            zeros: all(zeros),
            columns,
        }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The factors and zero points of the columns.
    pub fn constants(&self) -> (&[f32], &[f32]) {
        (&self.factors[..self.columns], &self.zeros[..self.columns])
    }

    /// The byte of the number 0 in this column.
    pub fn zero(&self, column: usize) -> u8 {
        self.zeros[column].clamp(0.0, f32::from(LARGEST)) as u8
    }

    /// `bytes = values · factors + zeros`, rounded to the nearest (halves to even) and clamped to 0 to 127.
    /// The rows are contiguous. Every instruction set gives the same bytes.
    ///
    /// # Panics
    /// If there are not as many bytes as values.
    pub fn apply(&self, values: &[f32], bytes: &mut [u8]) {
        assert!(
            values.len() == bytes.len(),
            "{} values, {} bytes",
            values.len(),
            bytes.len()
        );
        run(Rounding {
            values,
            factors: &self.factors,
            zeros: &self.zeros,
            bytes,
        });
    }
}

struct Rounding<'a> {
    values: &'a [f32],
    factors: &'a [f32],
    zeros: &'a [f32],
    bytes: &'a mut [u8],
}

impl Kernel for Rounding<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let (values, values_left) = self.values.as_chunks::<LINE>();
        let (bytes, bytes_left) = self.bytes.as_chunks_mut::<LINE>();
        let (factors, _) = self.factors.as_chunks::<LINE>();
        let (zeros, _) = self.zeros.as_chunks::<LINE>();
        let mut line = 0;
        for (bytes, values) in bytes.iter_mut().zip(values) {
            let (factors, zeros) = (&factors[line], &zeros[line]);
            for i in 0..LINE {
                bytes[i] = byte(values[i], factors[i], zeros[i]);
            }
            line = if line + 1 < self.factors.len() / LINE {
                line + 1
            } else {
                0
            };
        }
        let of_columns = self.factors[line * LINE..]
            .iter()
            .zip(&self.zeros[line * LINE..]);
        for ((byte_left, value), (factor, zero)) in
            bytes_left.iter_mut().zip(values_left).zip(of_columns)
        {
            *byte_left = byte(*value, *factor, *zero);
        }
    }
}

/// Rounds the product and the sum, on every instruction set.
#[inline(always)]
fn byte(value: f32, factor: f32, zero: f32) -> u8 {
    let value = value * factor + zero;
    let value = if value > 0.0 { value } else { 0.0 };
    let most = f32::from(LARGEST);
    let value = if value < most { value } else { most };
    (value + ROUNDING).to_bits() as u8
}

/// Bytes on each side of the centre in [`to_centred_bytes`].
const HALF: f32 = 63.0;

/// `bytes = values / step + 64`, rounded to the nearest, with the smallest step that keeps all bytes within 1
/// to 127. Returns the step; 0, with all bytes 64, if all values are 0 or the largest is not finite. Every
/// instruction set gives the same bytes.
///
/// # Panics
/// If there are not as many bytes as values.
pub fn to_centred_bytes(values: &[f32], bytes: &mut [u8]) -> f32 {
    struct Centring<'a>(&'a [f32], &'a mut [u8]);
    impl Kernel for Centring<'_> {
        type Output = f32;

        #[inline(always)]
        fn call<A: MultiplyAdd>(self) -> f32 {
            let Self(values, bytes) = self;
            let (lines, rest) = values.as_chunks::<LINE>();
            let mut most = [0.0_f32; LINE];
            for line in lines {
                for (most, value) in most.iter_mut().zip(line) {
                    *most = if value.abs() > *most {
                        value.abs()
                    } else {
                        *most
                    };
                }
            }
            let all = most.into_iter().chain(rest.iter().map(|value| value.abs()));
            let largest = all.fold(
                0.0,
                |most: f32, value| if value > most { value } else { most },
            );
            if !(largest > 0.0 && largest.is_finite()) {
                bytes.fill(HALF as u8 + 1);
                return 0.0;
            }
            let (step, factor) = (largest / HALF, HALF / largest);
            let centre = HALF + 1.0;
            for (to, value) in bytes.iter_mut().zip(values) {
                *to = byte(*value, factor, centre);
            }
            step
        }
    }
    assert_eq!(values.len(), bytes.len(), "values and bytes");
    run(Centring(values, bytes))
}

/// The largest whole number in [`to_signed_bytes`].
const LARGEST_SIGNED: f32 = 127.0;

/// Whole numbers for a column of [`BytePanels`] in one strip of `depth` rows: `values / step`, rounded. The step
/// keeps them within -127 to 127 and within the [bound](BytePanels::BOUND) of that column. Returns the step; 1, with
/// all bytes 0, if all values are 0 or the largest is not finite.
///
/// # Panics
/// If there are not as many bytes as values.
pub fn to_signed_bytes(values: &[f32], depth: usize, bytes: &mut [i8]) -> f32 {
    assert_eq!(values.len(), bytes.len(), "values and bytes");
    let largest = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        bytes.fill(0);
        return 1.0;
    }
    // A step of 0 would never be large enough.
    let mut step = (largest / LARGEST_SIGNED).max(f32::MIN_POSITIVE);
    loop {
        for (byte, value) in bytes.iter_mut().zip(values) {
            let whole = (value / step).round();
            *byte = whole.clamp(-LARGEST_SIGNED, LARGEST_SIGNED) as i8;
        }
        let most = BytePanels::most(bytes.iter().copied(), depth);
        if most <= BytePanels::BOUND {
            return step;
        }
        step *= (most as f32 / BytePanels::BOUND as f32).max(1.001);
    }
}
