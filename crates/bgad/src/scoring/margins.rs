//! How much odder than others the positions near the edges of inputs look on normal images.

use serde::{Deserialize, Serialize};

use super::image_likelihoods::ImageLikelihoods;
use crate::input::view::View;
use crate::model::likelihoods::LogLikelihoodMaps;

/// The divisors of the rows and columns of one map near the edges of inputs; 1 for all others.
///
/// Backbones pad their inputs, so that a normal image's oddest positions are often those at its edges. An image's
/// score, which comes from the oddest positions, would then say little about defects elsewhere.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margins {
    pub(crate) rows: Vec<f32>,
    pub(crate) columns: Vec<f32>,
}

/// The share of a map's rows at each edge that count as margin: 2 of 32. Padding reaches farther, but wider margins take
/// too much of what images show there for padding.
const SHARE: usize = 16;
/// The largest divisor.
const LARGEST: f32 = 1e6;

impl Margins {
    /// The margins of maps of `side` rows and columns over normal images; `values` returns those of an input, 0 for the
    /// most normal position. `None` if no edge looks odder than the middle.
    pub(super) fn of(
        set: &[ImageLikelihoods<'_>],
        side: usize,
        values: impl Fn(&LogLikelihoodMaps) -> Option<Vec<f32>>,
    ) -> Option<Self> {
        let mut lines = [vec![Line::default(); side], vec![Line::default(); side]];
        for image in set {
            for (view, maps) in image.views.views.iter().zip(image.inputs) {
                add(&mut lines, view, &values(maps)?);
            }
        }
        let [rows, columns] = lines.map(|lines| lines.iter().map(Line::divisor).collect());
        let margins = Self { rows, columns };
        let all = margins.rows.iter().chain(&margins.columns);
        all.clone().any(|divisor| *divisor > 1.0).then_some(margins)
    }

    /// The map's values, divided by the divisors of their row and column.
    pub(super) fn evened(&self, values: &[f32]) -> Vec<f32> {
        let lines = values.chunks_exact(self.columns.len().max(1));
        let lines = lines.zip(&self.rows);
        let values = lines.flat_map(|(line, row)| {
            let line = line.iter().zip(&self.columns);
            line.map(move |(value, column)| value / (row * column))
        });
        values.collect()
    }

    /// Whether there is one divisor for each of `side` rows and columns, of at least 1.
    pub(crate) fn is_sound(&self, side: usize) -> bool {
        let sound = |of: &[f32]| {
            of.len() == side && of.iter().all(|divisor| (1.0..=LARGEST).contains(divisor))
        };
        sound(&self.rows) && sound(&self.columns)
    }
}

/// Adds an input's means of outer rows and columns, relative to that of its middle.
fn add(lines: &mut [Vec<Line>; 2], view: &View, values: &[f32]) {
    let [rows, columns] = lines;
    let side = rows.len();
    let width = side / SHARE;
    let (across, down) = view.positions(side);
    let middle = |range: &std::ops::Range<usize>| {
        range.start.max(width)..range.end.min(side.saturating_sub(width))
    };
    let (inner_across, inner_down) = (middle(&across), middle(&down));
    let mean = |across: std::ops::Range<usize>, down: std::ops::Range<usize>| {
        let count = across.len() * down.len();
        let sum: f64 = down
            .flat_map(|y| &values[y * side..][across.clone()])
            .map(|value| f64::from(*value))
            .sum();
        (count > 0).then(|| sum / count as f64)
    };
    let Some(inner) = mean(inner_across.clone(), inner_down.clone()) else {
        return;
    };
    let is_outer = |line: &usize| *line < width || *line >= side - width;
    for y in down.filter(is_outer) {
        rows[y].add(mean(inner_across.clone(), y..y + 1), inner);
    }
    for x in across.filter(is_outer) {
        columns[x].add(mean(x..x + 1, inner_down.clone()), inner);
    }
}

/// Sums over inputs of a line's mean relative to that of the middle.
#[derive(Debug, Clone, Default)]
struct Line {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Line {
    fn add(&mut self, mean: Option<f64>, inner: f64) {
        if let Some(mean) = mean
            && inner > 0.0
        {
            let relative = mean / inner;
            self.count += 1.0;
            self.sum += relative;
            self.squares += relative * relative;
        }
    }

    /// The line's mean, shrunk toward 1 by its noise; 1 if it lies lower, or if fewer than two inputs cover the line.
    fn divisor(&self) -> f32 {
        if self.count < 2.0 {
            return 1.0;
        }
        let mean = self.sum / self.count;
        let noise = (self.squares / self.count - mean * mean).max(0.0) / (self.count - 1.0);
        let excess = mean - 1.0;
        let kept = 1.0 - noise / (excess * excess);
        match excess > 0.0 && kept > 0.0 {
            true => ((1.0 + excess * kept) as f32).min(LARGEST),
            false => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::view::Views;
    use crate::model::likelihoods::PositionMap;

    const SIDE: usize = 32;

    /// The margins of inputs with these distances at an input, a column and a row.
    fn margins(images: usize, value: impl Fn(usize, usize, usize) -> f32) -> Option<Margins> {
        let one = |image: usize| {
            let values = (0..SIDE * SIDE).map(|at| value(image, at % SIDE, at / SIDE));
            LogLikelihoodMaps {
                levels: Vec::new(),
                distances: Some(PositionMap {
                    side: SIDE,
                    values: values.collect(),
                }),
                contexts: None,
                discriminants: None,
                likeness: None,
                neighbor_distance: None,
            }
        };
        let maps: Vec<LogLikelihoodMaps> = (0..images).map(one).collect();
        let views = Views::one(View::stretched(64));
        let set = ImageLikelihoods::whole(&maps, &views);
        Margins::of(&set, SIDE, |maps| {
            Some(maps.distances.as_ref()?.values.clone())
        })
    }

    fn at_edge(x: usize, y: usize) -> f32 {
        let factor = |line: usize| match line {
            0 => 3.0,
            1 => 1.5,
            _ => 1.0,
        };
        factor(x) * factor(y)
    }

    #[test]
    fn edges_that_look_odd_on_all_images_are_evened() -> Result<(), &'static str> {
        let margins = margins(4, |image, x, y| at_edge(x, y) * (1 + image) as f32).ok_or("none")?;
        let values: Vec<f32> = (0..SIDE * SIDE)
            .map(|at| at_edge(at % SIDE, at / SIDE))
            .collect();
        let even = margins.evened(&values);
        assert!(
            even.iter().all(|value| (value - 1.0).abs() < 1e-5),
            "{even:?}"
        );
        assert!(margins.is_sound(SIDE) && !margins.is_sound(SIDE - 1));
        let mut damaged = margins.clone();
        damaged.rows[0] = 0.0;
        assert!(!damaged.is_sound(SIDE));
        Ok(())
    }

    #[test]
    fn dull_edges_and_those_of_single_images_stay() {
        let dull = |_: usize, x: usize, y: usize| 1.0 / at_edge(x, y);
        assert_eq!(margins(4, dull), None);
        let odd = |image: usize, _: usize, y: usize| if y == image { 9.0 } else { 1.0 };
        assert_eq!(margins(1, odd), None);
        // Each image has another odd row.
        assert_eq!(margins(SIDE, odd), None);
    }
}
