//! The smallest of many numbers.

use crate::vectorized;

/// The smallest of `values`; infinity if there are none. NaN is passed over.
pub fn smallest(values: &[f32]) -> f32 {
    vectorized(
        #[inline(always)]
        || smallest_by_lanes::<32>(values),
    )
}

/// The same inside a kernel, with so many minima side by side. Short slices want few.
#[inline(always)]
pub(crate) fn smallest_by_lanes<const LANES: usize>(values: &[f32]) -> f32 {
    let (lines, rest) = values.as_chunks::<LANES>();
    let mut least = [f32::INFINITY; LANES];
    for line in lines {
        for (least, value) in least.iter_mut().zip(line) {
            *least = if *value < *least { *value } else { *least };
        }
    }
    let mut smallest = f32::INFINITY;
    for value in least.iter().chain(rest) {
        smallest = if *value < smallest { *value } else { smallest };
    }
    smallest
}
