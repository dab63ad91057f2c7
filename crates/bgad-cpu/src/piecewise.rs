//! A rising function in straight pieces.

use crate::arithmetic::MultiplyAdd;
use crate::kernel::{Kernel, run};

/// Values that are searched together.
const LANES: usize = 32;

/// A function that is zero below its first knot, rises by a step from each of its `N` knots to the next, in a straight
/// line, and then goes on with a slope of its own.
///
/// All pieces are compared with a value in turn. That takes no branch, so that loops vectorise, and for a few dozen
/// pieces it is quicker than a binary search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piecewise<const N: usize> {
    /// The value at which each piece starts.
    starts: [f32; N],
    /// How fast the function rises there, in steps.
    slopes: [f32; N],
    step: f32,
}

impl<const N: usize> Piecewise<N> {
    /// The function with these `knots`, in non-decreasing order, which rises by `step` from one to the next, and by one
    /// for each `scale` after the last. Where knots are equal, it jumps.
    pub fn new(knots: [f32; N], step: f32, scale: f32) -> Self {
        let mut slopes = [0.0; N];
        for (slope, pair) in slopes.iter_mut().zip(knots.windows(2)) {
            let width = pair[1] - pair[0];
            *slope = if width > 0.0 { 1.0 / width } else { 0.0 };
        }
        if let Some(last) = slopes.last_mut() {
            *last = 1.0 / (scale * step);
        }
        Self {
            starts: knots,
            slopes,
            step,
        }
    }

    /// Replaces each value with the function's; that of a number that is none is 0.
    pub fn apply(&self, values: &mut [f32]) {
        run(Apply { of: *self, values });
    }

    /// Replaces the values of one group.
    #[inline(always)]
    fn apply_to(&self, values: &mut [f32; LANES]) {
        let mut starts = [self.starts[0]; LANES];
        let mut slopes = [self.slopes[0]; LANES];
        let mut pieces = [0.0f32; LANES];
        for piece in 1..N {
            let (start, slope) = (self.starts[piece], self.slopes[piece]);
            for at in 0..LANES {
                let is_past = values[at] >= start;
                starts[at] = if is_past { start } else { starts[at] };
                slopes[at] = if is_past { slope } else { slopes[at] };
                pieces[at] = if is_past { piece as f32 } else { pieces[at] };
            }
        }
        for at in 0..LANES {
            let beyond = (values[at] - starts[at]) * slopes[at];
            values[at] = self.step * (pieces[at] + beyond.max(0.0));
        }
    }
}

struct Apply<'a, const N: usize> {
    of: Piecewise<N>,
    values: &'a mut [f32],
}

impl<const N: usize> Kernel for Apply<'_, N> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let (groups, rest) = self.values.as_chunks_mut::<LANES>();
        for group in groups {
            self.of.apply_to(group);
        }
        // The same operations, so that a value's result does not depend on its place.
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        self.of.apply_to(&mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}
