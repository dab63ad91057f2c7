//! Chooses the size of inputs from normal training images.

use std::ops::Range;

use bgad_data::Sample;
use rayon::prelude::*;

use crate::error::Result;
use crate::features::extractor::Extractor;
use crate::model::covariance::Moments;
use crate::scoring::fusion::median;

/// The widths and heights of inputs that show small parts on plain backgrounds, in pixels: the first one that images
/// reach.
const LARGER: [u32; 2] = [512, 384];
/// How many images are looked at.
const IMAGES: usize = 16;
/// Positions so near an edge are left out: backbones pad their inputs, so that edges differ on any background.
const EDGE: usize = 3;
/// The median of positions' squared distances from their mean at the finest level, as a share of the mean one, below
/// which parts are small on a plain background: a few positions then differ far more than most. Such parts have .09 to
/// .47; textures and a part that fills its picture, .53 and more.
const PLAIN: f32 = 0.5;

/// The width and height of inputs for `normal` training images, in pixels: larger than the extractor's if the images
/// are large enough and show small parts on plain backgrounds. A part then covers more positions, and the background,
/// where nothing varies, costs no accuracy.
///
/// Images that can't be read are passed over; an error follows when all are read.
///
/// # Errors
/// If the device fails.
pub(super) fn choose(extractor: &Extractor, normal: &[&Sample]) -> Result<u32> {
    let usual = extractor.image_size;
    let some = normal.iter().step_by(normal.len().div_ceil(IMAGES).max(1));
    let some: Vec<&Sample> = some.copied().collect();
    let sides = some.par_iter().map(|sample| {
        let (width, height) = sample.dimensions().unwrap_or_default();
        width.min(height)
    });
    let mut sides: Vec<u32> = sides.collect();
    sides.sort_unstable();
    let side = sides.get(sides.len() / 2).copied().unwrap_or_default();
    let Some(larger) = LARGER.into_iter().find(|size| *size <= side) else {
        return Ok(usual);
    };
    let rows = some.par_iter().map(|sample| finest_rows(extractor, sample));
    let rows: Vec<Vec<f32>> = rows.collect::<Result<_>>()?;
    let inputs = extractor.flow_inputs();
    let dimension = inputs.first().map_or(1, |finest| finest.dimension);
    Ok(match typical(&rows.concat(), dimension) {
        Some(typical) if typical < PLAIN => larger,
        _ => usual,
    })
}

/// The vectors of the positions of an image at the finest level; none if it can't be read.
fn finest_rows(extractor: &Extractor, sample: &Sample) -> Result<Vec<f32>> {
    let Ok(image) = sample.load_image() else {
        return Ok(Vec::new());
    };
    let inputs = extractor.flow_inputs();
    let views = extractor.views(image.dimensions()).views;
    let (Some(view), Some(finest)) = (views.first(), inputs.first()) else {
        return Ok(Vec::new());
    };
    let rows = extractor.extract_view(&image, view, false).values(0)?;
    let side = finest.side.unwrap_or(1);
    let (columns, lines) = view.positions(side);
    let middle = |range: Range<usize>| range.start + EDGE..range.end.saturating_sub(EDGE);
    let (columns, lines) = (middle(columns), middle(lines));
    let rows = rows.chunks_exact(finest.dimension).enumerate();
    let rows =
        rows.filter(|(at, _)| columns.contains(&(at % side)) && lines.contains(&(at / side)));
    Ok(rows.flat_map(|(_, row)| row).copied().collect())
}

/// The median of the rows' squared distances from their mean, in standard deviations of each channel, as a share of the
/// mean one; `None` without rows, or if all are the same.
fn typical(rows: &[f32], dimension: usize) -> Option<f32> {
    if rows.is_empty() {
        return None;
    }
    let moments = Moments::of(rows, dimension);
    let rows = rows.par_chunks_exact(dimension);
    let lengths = rows.map(|row| {
        let standardized = moments.standardized(row);
        standardized.map(|value| value * value).sum::<f32>()
    });
    let mut lengths: Vec<f32> = lengths.collect();
    lengths.sort_unstable_by(f32::total_cmp);
    let mean = lengths.iter().sum::<f32>() / lengths.len() as f32;
    (mean > 0.0).then(|| median(&lengths) / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_plain_background_most_positions_are_alike() -> Result<(), &'static str> {
        // One position in ten shows the part.
        let of = |part: f32| {
            let row = |at: usize| {
                let of_part = if at.is_multiple_of(10) { part } else { 0.0 };
                [0, 1].map(|channel| ((at * 7 + channel * 3) % 11) as f32 / 11.0 + of_part)
            };
            typical(&(0..10_000).flat_map(row).collect::<Vec<_>>(), 2).ok_or("no rows")
        };
        assert!(of(0.0)? > PLAIN);
        assert!(of(40.0)? < PLAIN);
        assert_eq!(typical(&[], 2), None);
        assert_eq!(typical(&[0.5; 64], 2), None);
        Ok(())
    }
}
