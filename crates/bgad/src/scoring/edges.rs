//! How much less likely than others the positions near the edges of inputs are.

use serde::{Deserialize, Serialize};

use super::image_likelihoods::ImageLikelihoods;
use crate::model::likelihoods::LogLikelihoodMap;

/// The log-likelihoods that each row and each column of one flow's map has above the mean of normal images.
///
/// Backbones pad their inputs, so that features near the edges have another distribution. On a fine texture nothing else
/// makes positions differ, and an edge should not look less normal than the middle.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edges {
    pub(crate) rows: Vec<f32>,
    pub(crate) columns: Vec<f32>,
}

/// The largest offset that a model file may have.
const LARGEST: f32 = 1e6;

impl Edges {
    /// The edges of flow `flow` on positions, whose maps have `side` rows and columns, over normal images.
    pub(super) fn of(set: &[ImageLikelihoods<'_>], flow: usize, side: usize) -> Self {
        let mut lines = [Lines::new(side), Lines::new(side)];
        for image in set {
            for (view, maps) in image.views.views.iter().zip(image.inputs) {
                let map = &maps.levels[flow];
                let (columns, rows) = view.positions(side);
                let mut sums = [vec![0.0; side], vec![0.0; side]];
                for y in rows.clone() {
                    for x in columns.clone() {
                        let value = f64::from(map.values[y * side + x]);
                        sums[0][y] += value / columns.len() as f64;
                        sums[1][x] += value / rows.len() as f64;
                    }
                }
                for ((lines, sums), covered) in lines.iter_mut().zip(&sums).zip([rows, columns]) {
                    let means = &sums[covered.clone()];
                    lines.add(covered.start, means);
                }
            }
        }
        let [rows, columns] = lines.map(Lines::offsets);
        Self { rows, columns }
    }

    /// The map's log-likelihoods without the share `share` of what its rows and columns have above the mean.
    pub(super) fn removed(&self, map: &LogLikelihoodMap, share: f32) -> Vec<f32> {
        let at = |offsets: &[f32], line: usize| offsets.get(line).copied().unwrap_or(0.0);
        let lines = map.values.chunks_exact(map.width.max(1)).enumerate();
        let values = lines.flat_map(|(y, line)| {
            let of_row = at(&self.rows, y);
            let line = line.iter().enumerate();
            line.map(move |(x, l)| l - share * (of_row + at(&self.columns, x)))
        });
        values.collect()
    }

    /// Whether there is one number for each of `side` rows and columns, none beyond what log-likelihoods reach.
    pub(crate) fn is_sound(&self, side: usize) -> bool {
        let sound =
            |of: &Vec<f32>| of.len() == side && of.iter().all(|offset| offset.abs() <= LARGEST);
        sound(&self.rows) && sound(&self.columns)
    }
}

/// Sums over inputs of the means of lines, each relative to its input's mean.
struct Lines {
    counts: Vec<f64>,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Lines {
    fn new(side: usize) -> Self {
        let zeros = || vec![0.0; side];
        Self {
            counts: zeros(),
            sums: zeros(),
            squares: zeros(),
        }
    }

    /// Adds an input whose lines from `start` on have these means.
    fn add(&mut self, start: usize, means: &[f64]) {
        let of_input = means.iter().sum::<f64>() / means.len().max(1) as f64;
        for (line, mean) in (start..).zip(means) {
            let above = mean - of_input;
            self.counts[line] += 1.0;
            self.sums[line] += above;
            self.squares[line] += above * above;
        }
    }

    /// Each line's offset, shrunk like [`PositionMeans`](crate::model::position_means::PositionMeans) by the share of
    /// the variance between lines that the differences between inputs explain. A line that fewer than two inputs cover
    /// has none.
    fn offsets(self) -> Vec<f32> {
        let lines = self.counts.iter().zip(&self.sums).zip(&self.squares);
        let lines: Vec<Option<(f64, f64)>> = lines
            .map(|((count, sum), squares)| {
                let mean = sum / count;
                // The variance of the mean.
                let noise = (squares / count - mean * mean).max(0.0) / (count - 1.0);
                (*count >= 2.0).then_some((mean, noise))
            })
            .collect();
        let (square, noise) = lines.iter().flatten().fold((0.0, 0.0), |all, line| {
            (all.0 + line.0 * line.0, all.1 + line.1)
        });
        let kept = if square > noise {
            1.0 - noise / square
        } else {
            0.0
        };
        let offset = |line: &Option<(f64, f64)>| line.map_or(0.0, |(mean, _)| (kept * mean) as f32);
        lines.iter().map(offset).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::view::{View, Views};
    use crate::model::likelihoods::LogLikelihoodMaps;

    const SIDE: usize = 8;

    /// A set of images of one map each with these values at an image, a column and a row.
    fn edges(images: usize, value: impl Fn(usize, usize, usize) -> f32) -> Edges {
        let one = |image: usize| {
            let values = (0..SIDE * SIDE).map(|at| value(image, at % SIDE, at / SIDE));
            LogLikelihoodMaps {
                levels: vec![map(values.collect())],
                distances: None,
                contexts: None,
                deviations: None,
                discriminants: None,
                likeness: None,
                neighbor_distance: None,
                finer: None,
            }
        };
        let maps: Vec<LogLikelihoodMaps> = (0..images).map(one).collect();
        let views = Views::one(View::stretched(64));
        Edges::of(&ImageLikelihoods::whole(&maps, &views), 0, SIDE)
    }

    fn map(values: Vec<f32>) -> LogLikelihoodMap {
        LogLikelihoodMap {
            width: SIDE,
            height: SIDE,
            values,
            pooled: false,
        }
    }

    /// -3 in the outermost rows and columns, -6 in corners.
    fn at_edge(x: usize, y: usize) -> f32 {
        let outer = |line: usize| {
            if line == 0 || line == SIDE - 1 {
                -3.0
            } else {
                0.0
            }
        };
        outer(x) + outer(y)
    }

    #[test]
    fn edges_that_all_images_share_are_removed() {
        let edges = edges(4, |image, x, y| at_edge(x, y) + image as f32);
        let values = (0..SIDE * SIDE).map(|at| at_edge(at % SIDE, at / SIDE));
        let without = edges.removed(&map(values.collect()), 1.0);
        let mean = -2.0 * 3.0 * 2.0 / SIDE as f32;
        assert!(
            without.iter().all(|value| (value - mean).abs() < 1e-4),
            "{without:?}"
        );
        assert!(edges.is_sound(SIDE) && !edges.is_sound(SIDE + 1));
        let mut damaged = edges.clone();
        damaged.rows[0] = 3e38;
        assert!(!damaged.is_sound(SIDE));
    }

    #[test]
    fn what_images_do_not_share_is_no_edge() {
        // Each image has another odd row.
        let odd = |image: usize, _: usize, y: usize| if y == image { -3.0 } else { 0.0 };
        for images in [1, SIDE] {
            let Edges { rows, columns } = edges(images, odd);
            assert!(
                rows.iter()
                    .chain(&columns)
                    .all(|offset| offset.abs() < 1e-6),
                "{images}: {rows:?}"
            );
        }
    }
}
