//! Normal scores, counted between abnormal ones instead of sorted.
//!
//! Nearly all pixels are normal, and most metrics change only where an abnormal score is passed. So it is enough to know
//! how many normal scores lie between two abnormal ones, and how many equal one.

use rayon::prelude::*;

use crate::labelled_map::LabelledMap;
use crate::order::rank;
use crate::sweep::{AbnormalScore, Step, Visitor};

/// The upper bits of a rank, by which the search starts: sign, exponent and some digits of a score.
const UPPER: u32 = 16;

/// Numbers of normal scores, by the distinct abnormal ones.
pub(crate) struct Counted {
    /// The distinct ranks of abnormal scores, in ascending order.
    distinct: Vec<u32>,
    /// Before the first of them, equal to it, between it and the second, and so on.
    counts: Vec<u64>,
}

impl Counted {
    /// Counts the normal pixels of `maps` between `abnormal` scores, which are sorted.
    pub(crate) fn of_maps(maps: &[LabelledMap<'_>], abnormal: &[AbnormalScore]) -> Self {
        let mut distinct: Vec<u32> = abnormal.iter().map(|score| score.rank()).collect();
        distinct.dedup();
        let bins = Bins::new(&distinct);
        // One list of counts for each thread; they may be long.
        let share = maps.len().div_ceil(rayon::current_num_threads()).max(1);
        let of_share = |maps: &[LabelledMap<'_>]| {
            let mut counts = vec![0_u64; 2 * distinct.len() + 1];
            for map in maps {
                for (&score, &defect) in map.scores.iter().zip(map.mask) {
                    counts[bins.of(rank(score))] += u64::from(!defect);
                }
            }
            counts
        };
        let counts = maps.par_chunks(share).map(of_share);
        let counts = counts.reduce_with(|mut counts, others| {
            let pairs = counts.iter_mut().zip(others);
            pairs.for_each(|(count, other)| *count += other);
            counts
        });
        Self {
            counts: counts.unwrap_or_default(),
            distinct,
        }
    }

    /// How many normal scores there are.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether all scores of both classes are equal.
    pub(crate) fn is_constant(&self) -> bool {
        self.distinct.len() == 1 && self.counts[1] == self.total()
    }

    /// Shows all distinct abnormal scores, and between them the normal ones as if they were equal.
    pub(crate) fn sweep(&self, abnormal: &[AbnormalScore], visitor: &mut impl Visitor) {
        let mut rest = abnormal;
        let mut between = self.counts.chunks(2);
        for &rank in &self.distinct {
            let [before, equal] = match between.next() {
                Some(&[before, equal]) => [before, equal],
                _ => return,
            };
            let after_last = rank.saturating_sub(1);
            if before > 0 && end(visitor, after_last, before) {
                return;
            }
            visitor.begin(&[equal]);
            let found = rest.partition_point(|score| score.rank() == rank);
            let (of_step, others) = rest.split_at(found);
            rest = others;
            of_step
                .iter()
                .for_each(|score| visitor.abnormal(score.region()));
            let step = Step {
                rank,
                normal: equal,
                abnormal: found as u64,
            };
            if visitor.end(step).is_break() {
                return;
            }
        }
        if let Some(&[after]) = between.next() {
            let rank = self
                .distinct
                .last()
                .map_or(0, |last| last.saturating_add(1));
            if after > 0 {
                end(visitor, rank, after);
            }
        }
    }
}

/// Shows a step of normal scores only; returns whether that was the last one.
fn end(visitor: &mut impl Visitor, rank: u32, normal: u64) -> bool {
    visitor.begin(&[normal]);
    let step = Step {
        rank,
        normal,
        abnormal: 0,
    };
    visitor.end(step).is_break()
}

/// Finds the count that a rank belongs to.
struct Bins<'a> {
    distinct: &'a [u32],
    /// For each value of the upper bits, the first distinct rank that has it or a higher one.
    first: Vec<u32>,
}

impl<'a> Bins<'a> {
    fn new(distinct: &'a [u32]) -> Self {
        let mut first = Vec::with_capacity((1 << UPPER) + 1);
        for (index, rank) in distinct.iter().enumerate() {
            first.resize((rank >> (32 - UPPER)) as usize + 1, index as u32);
        }
        first.resize((1 << UPPER) + 1, distinct.len() as u32);
        Self { distinct, first }
    }

    #[inline]
    fn of(&self, rank: u32) -> usize {
        let upper = (rank >> (32 - UPPER)) as usize;
        let (from, to) = (self.first[upper] as usize, self.first[upper + 1] as usize);
        let at = from + self.distinct[from..to].partition_point(|other| *other < rank);
        let equal = self.distinct.get(at) == Some(&rank);
        2 * at + usize::from(equal)
    }
}
