//! What normal training images look like, and the inputs that suit them.

use std::ops::Range;

use bgad_data::Sample;
use rayon::prelude::*;

use super::turned_copies;
use crate::config::rotations::Rotations;
use crate::error::Result;
use crate::features::extractor::Extractor;
use crate::model::covariance::Moments;
use crate::scoring::fusion::median;

/// The widths and heights of inputs that show small parts on plain backgrounds, in pixels: the first one that images
/// reach.
const LARGER: [u32; 2] = [512, 384];
/// The widths and heights of both inputs of images without a background, in pixels, and the least width and height of
/// images that get two. Inputs of twice the size differ more than those of 256 and 384 pixels, and take less time.
const COARSE: u32 = 192;
const FINER: u32 = 384;
const SMALLEST: u32 = 192;
/// How many images are looked at.
const IMAGES: usize = 16;
/// Positions so near an edge are left out: backbones pad their inputs, so that edges differ on any background.
const EDGE: usize = 3;
/// The median of positions' squared distances from their mean at the finest level, as a share of the mean one, below
/// which parts are small on a plain background: a few positions then differ far more than most. Such parts have .09 to
/// .47; textures and a part that fills its picture, .53 and more.
const PLAIN: f32 = 0.5;
/// The same, below which there may be a background behind a part that fills most of its picture (.56), or a texture of
/// few lines (.59); most textures have .7 and more.
const BACKGROUND: f32 = 0.65;
/// The share of positions' variance that lies between places, up to which images show the same everywhere, as a texture
/// does. Textures have up to .02; parts at a fixed place, .13 and more.
const SAME_EVERYWHERE: f64 = 0.06;

/// The sizes of inputs that suit images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputSizes {
    /// The usual one alone.
    Usual,
    /// A larger one alone, of this width and height.
    Larger(u32),
    /// Two, of these widths and heights.
    Two { coarse: u32, finer: u32 },
}

/// What normal training images look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub sizes: InputSizes,
    /// Whether they show no background, as textures and parts that fill their picture do.
    pub no_background: bool,
    /// Which turned copies suit small parts on plain backgrounds; none if they were not asked for.
    pub rotations: Rotations,
}

/// What `normal` training images look like to the extractor, whose size of inputs is the usual one. Small parts on plain
/// backgrounds get a larger input if the images are large enough: a part then covers more positions, and the background,
/// where nothing varies, costs no accuracy. Images without a background get a coarse and a fine input: their defects may
/// be large or small. A part that fills most of its picture keeps the usual input, since two found no more.
///
/// With `turned`, it also finds whether such parts lie at any angle.
///
/// Images that can't be read are passed over; an error follows when all are read.
///
/// # Errors
/// If the device fails.
pub(super) fn look(extractor: &Extractor, normal: &[&Sample], turned: bool) -> Result<Look> {
    let some = normal.iter().step_by(normal.len().div_ceil(IMAGES).max(1));
    let some: Vec<&Sample> = some.copied().collect();
    let sides = some.par_iter().map(|sample| {
        let (width, height) = sample.dimensions().unwrap_or_default();
        width.min(height)
    });
    let mut sides: Vec<u32> = sides.collect();
    sides.sort_unstable();
    let side = sides.get(sides.len() / 2).copied().unwrap_or_default();
    let larger = LARGER.into_iter().find(|size| *size <= side);
    let rows = some.par_iter().map(|sample| finest_rows(extractor, sample));
    let rows: Vec<Vec<f32>> = rows.collect::<Result<_>>()?;
    let rows: Vec<Vec<f32>> = rows.into_iter().filter(|rows| !rows.is_empty()).collect();
    let inputs = extractor.flow_inputs();
    let dimension = inputs.first().map_or(1, |finest| finest.dimension);
    let Some(typical) = typical(&rows.concat(), dimension) else {
        return Ok(Look {
            sizes: InputSizes::Usual,
            no_background: false,
            rotations: Rotations::Off,
        });
    };
    let few_lines = || {
        let share = of_places(&rows, dimension);
        typical >= PLAIN && share.is_some_and(|share| share <= SAME_EVERYWHERE)
    };
    let no_background = typical >= BACKGROUND || few_lines();
    let sizes = match larger {
        Some(size) if typical < PLAIN => InputSizes::Larger(size),
        _ if no_background && side >= SMALLEST => InputSizes::Two {
            coarse: COARSE,
            finer: FINER,
        },
        _ => InputSizes::Usual,
    };
    let rotations = match turned && typical < PLAIN {
        true => turned_copies::that_suit(extractor, &some)?,
        false => Rotations::Off,
    };
    Ok(Look {
        sizes,
        no_background,
        rotations,
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

/// The share of the rows' variance that lies between places, 0 if images show the same everywhere and 1 if every image
/// shows the same; `None` for a single image, images of different proportions, or without variance.
fn of_places(images: &[Vec<f32>], dimension: usize) -> Option<f64> {
    let length = images.first()?.len();
    if images.len() < 2 || images.iter().any(|rows| rows.len() != length) {
        return None;
    }
    let count = images.len() as f64;
    let Moments { deviation, .. } = Moments::of(&images.concat(), dimension);
    // The variance of a channel at a place over images, in units of its variance over everything.
    let within = (0..length).filter_map(|at| {
        let values = images.iter().map(|rows| f64::from(rows[at]));
        let mean = values.clone().sum::<f64>() / count;
        let squares = values.map(|value| (value - mean).powi(2)).sum::<f64>();
        let variance = deviation[at % dimension].powi(2);
        (variance > 0.0).then(|| squares / (count - 1.0) / variance)
    });
    let within: Vec<f64> = within.collect();
    (!within.is_empty()).then(|| 1.0 - within.iter().sum::<f64>() / within.len() as f64)
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
