//! Joins values of an image's inputs into a map of the whole image.

use std::ops::Range;

use super::image_likelihoods::ImageLikelihoods;
use super::score_map::ScoreMap;
use crate::input::view::{Axis, View};
use crate::model::likelihoods::LogLikelihoodMaps;

impl ImageLikelihoods<'_> {
    /// A map of the whole image. `add` adds an input's values to the map's pixels that the input covers.
    ///
    /// Where inputs overlap, the map is their weighted mean, with weights that fall toward an input's edges.
    /// A maximum would score overlaps higher than the rest, and a plain mean would leave seams.
    pub fn stitched(
        self,
        add: impl Fn(&LogLikelihoodMaps, &View, (&Axis, &Axis), &mut [f32]),
    ) -> ScoreMap {
        let views = self.views;
        let mut values = vec![0f32; views.width * views.height];
        if let ([view], [maps]) = (views.views.as_slice(), self.inputs) {
            let (columns, rows) = views.axes(view);
            add(maps, view, (&columns, &rows), &mut values);
        } else {
            let (across, down) = views.weights();
            for (view, maps) in views.views.iter().zip(self.inputs) {
                let (columns, rows) = views.axes(view);
                let width = columns.covered.len();
                let mut of_input = vec![0f32; width * rows.covered.len()];
                add(maps, view, (&columns, &rows), &mut of_input);
                let lines = rows.covered.clone().zip(&rows.weights);
                for ((row, weight), of_input) in lines.zip(of_input.chunks_exact(width.max(1))) {
                    let by_row = weight / down[row];
                    let line = &mut values[row * views.width..][columns.covered.clone()];
                    let totals = &across[columns.covered.clone()];
                    let weights = columns.weights.iter().zip(totals).map(|(w, sum)| w / sum);
                    for ((value, of_input), weight) in line.iter_mut().zip(of_input).zip(weights) {
                        *value += of_input * weight * by_row;
                    }
                }
            }
        }
        ScoreMap {
            width: views.width,
            height: views.height,
            values,
        }
    }
}

/// Adds a level's map, upsampled bilinearly with aligned corners, at these places of the input. Positions in
/// the padding are not used; the nearest ones beside them replace them.
pub(crate) fn add_upsampled(
    values: &[f32],
    (map_width, map_height): (usize, usize),
    view: &View,
    (columns, rows): (&[f32], &[f32]),
    sum: &mut [f32],
) {
    let size = view.size as usize;
    let width = columns.len().max(1);
    let columns = neighbours((map_width, size), view.positions(map_width).0, columns);
    let rows = neighbours((map_height, size), view.positions(map_height).1, rows);
    // Each row of values, upsampled along it: nearly all are used for several lines.
    let mut wide = vec![0f32; map_height * width];
    let (used, last) = rows.iter().fold((map_height, 0), |(first, last), row| {
        (first.min(row.0), last.max(row.1 + 1))
    });
    let of_rows = wide
        .chunks_exact_mut(width)
        .zip(values.chunks_exact(map_width));
    for (wide, row) in of_rows.take(last).skip(used) {
        for (wide, &(left, right, along)) in wide.iter_mut().zip(&columns) {
            *wide = row[left] * (1.0 - along) + row[right] * along;
        }
    }
    for (line, &(top, bottom, down)) in sum.chunks_exact_mut(width).zip(&rows) {
        let above = &wide[top * width..][..width];
        let below = &wide[bottom * width..][..width];
        for ((pixel, above), below) in line.iter_mut().zip(above).zip(below) {
            *pixel += above * (1.0 - down) + below * down;
        }
    }
}

/// For each place along an axis of `size` pixels: the two of `length` values beside it, among the `counted`
/// ones, and the weight of the second.
fn neighbours(
    (length, size): (usize, usize),
    counted: Range<usize>,
    places: &[f32],
) -> Vec<(usize, usize, f32)> {
    let step = match size {
        0 | 1 => 0.0,
        _ => (length - 1) as f32 / (size - 1) as f32,
    };
    let within = |value: usize| value.clamp(counted.start, counted.end - 1);
    places
        .iter()
        .map(|pixel| {
            let place = pixel * step;
            let first = (place as usize).min(length - 1);
            (within(first), within(first + 1), place - first as f32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::image_fit::Fit;
    use crate::input::view::Views;

    /// The map when each input adds one value everywhere.
    fn joined(views: &Views, of_input: impl Fn(&View) -> f32) -> ScoreMap {
        let inputs = vec![
            LogLikelihoodMaps {
                levels: Vec::new(),
                distances: None,
                contexts: None,
                deviations: None,
                discriminants: None,
                likeness: None,
                neighbor_distance: None,
                finer: None,
            };
            views.views.len()
        ];
        let image = ImageLikelihoods {
            views,
            inputs: &inputs,
        };
        image.stitched(|_, view, _, sum| sum.iter_mut().for_each(|value| *value += of_input(view)))
    }

    #[test]
    fn what_all_inputs_say_the_joined_map_says() {
        for size in [(300, 200), (64, 64), (65, 64), (4001, 700)] {
            let views = Fit::Tiles(16).views(size, 64);
            let map = joined(&views, |_| 3.0);
            assert_eq!((map.width, map.height), (views.width, views.height));
            assert!(
                map.values.iter().all(|v| (v - 3.0).abs() < 1e-5),
                "{size:?}"
            );
        }
    }

    #[test]
    fn overlaps_pass_from_one_input_to_the_next() {
        let views = Fit::Tiles(16).views((112, 64), 64);
        let map = joined(&views, |view| match view.part {
            Some(part) if part.x > 0 => 1.0,
            _ => 0.0,
        });
        let row = &map.values[..112];
        // The tiles are at 0 and 48.
        assert!(row[..48].iter().all(|v| *v == 0.0) && row[64..].iter().all(|v| *v == 1.0));
        let steps = row[47..65].windows(2).map(|pair| pair[1] - pair[0]);
        assert!(
            steps.clone().all(|step| step > 0.0 && step < 0.1),
            "{row:?}"
        );
    }
}
