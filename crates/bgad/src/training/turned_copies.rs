//! Turned copies of normal training images, for parts that lie at any angle.

use bgad_data::{Sample, Turn};
use rayon::prelude::*;

use crate::config::rotations::Rotations;
use crate::error::Result;
use crate::features::extractor::Extractor;
use crate::input::tiled_images::CutImage;
use crate::model::covariance::Moments;

/// Images get turned copies until there are so many inputs. With more images, copies add little, but take time.
const MOST_INPUTS: usize = 400;
/// The fewest images that can show whether parts lie at any angle.
const FEWEST_IMAGES: usize = 4;
/// How many times farther turned images may be from the others than images as they are, if parts lie at any angle. It
/// is at most 1.08 on drawn parts that do, and at least 1.75 on parts that lie still.
const FARTHER: f64 = 1.25;

/// Whether at least one of so many images has copies.
pub(super) fn have_room(images: usize, rotations: Rotations) -> bool {
    images + rotations.turns().len() <= MOST_INPUTS
}

/// The inputs of each image, followed by turned copies of them.
pub(super) fn with_copies(cut: &[CutImage], rotations: Rotations) -> Vec<Vec<Sample>> {
    let inputs: Vec<Vec<Sample>> = cut.iter().map(|image| image.inputs().collect()).collect();
    let turns = rotations.turns();
    let all: usize = inputs.iter().map(Vec::len).sum();
    let room = MOST_INPUTS.saturating_sub(all) / turns.len().max(1);
    // Images with copies are spread evenly over all.
    let copied = |input: usize| input * room / all.max(1) < (input + 1) * room / all.max(1);
    let mut first = 0;
    let with_copies = inputs.into_iter().map(|mut inputs| {
        let own = inputs.clone().into_iter().enumerate();
        let own = own.filter(|(at, _)| copied(first + at));
        let copies = own.flat_map(|(_, input)| {
            let copy = move |turn: &Turn| Sample {
                turn: *turn,
                ..input.clone()
            };
            turns.iter().map(copy)
        });
        let copies: Vec<Sample> = copies.collect();
        first += inputs.len();
        inputs.extend(copies);
        inputs
    });
    with_copies.collect()
}

/// The rotations after which normal images look the same as before: none if parts lie still, and those by 180 degrees
/// alone if a part lies in two ways.
///
/// # Errors
/// If the device fails.
pub(super) fn that_suit(extractor: &Extractor, normal: &[&Sample]) -> Result<Rotations> {
    let of_image = |sample: &&Sample| {
        let turned = |turn| {
            let sample = (*sample).clone();
            maps(extractor, &Sample { turn, ..sample })
        };
        let turned = TURNS.into_iter().map(turned);
        turned.collect::<Result<Option<Vec<_>>>>()
    };
    let images = normal.par_iter().map(of_image);
    let images: Vec<Option<Turned>> = images.collect::<Result<_>>()?;
    let images: Vec<Turned> = images.into_iter().flatten().collect();
    if images.len() < FEWEST_IMAGES {
        return Ok(Rotations::Off);
    }
    let inputs = extractor.flow_inputs();
    let dimensions = inputs.iter().filter(|input| !input.is_pooled());
    let dimensions: Vec<usize> = dimensions.map(|input| input.dimension).collect();
    let [quarter, half, three_quarters] = farther(&pooled(&images, &dimensions), mean);
    if half > FARTHER {
        return Ok(Rotations::Off);
    }
    if quarter.max(three_quarters) <= FARTHER {
        return Ok(Rotations::Quarter);
    }
    // Some backbones see hardly any difference between a part and one turned by 180 degrees if places don't count.
    let [_, half, _] = farther(&joined(&images, &dimensions), nearest);
    Ok(match half <= FARTHER {
        true => Rotations::Half,
        false => Rotations::Off,
    })
}

/// An image as it is, and turned by 90, 180 and 270 degrees.
const TURNS: [Turn; 4] = [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters];

/// The maps of an image at all levels, `[positions, channels]`, for each of [`TURNS`].
type Turned = Vec<Vec<Vec<f32>>>;

/// The maps of a whole image at all levels; `None` if it can't be read.
fn maps(extractor: &Extractor, sample: &Sample) -> Result<Option<Vec<Vec<f32>>>> {
    let Ok(image) = sample.load_image() else {
        return Ok(None);
    };
    let view = extractor.whole(image.dimensions());
    let features = extractor.extract_view(&image, &view, false);
    let inputs = extractor.flow_inputs().into_iter().enumerate();
    let positions = inputs.filter(|(_, input)| !input.is_pooled());
    let maps = positions.map(|(index, _)| features.values(index));
    maps.collect::<Result<_>>().map(Some)
}

/// The mean and deviation of each channel over an image's positions, in standard deviations over images as they are.
fn pooled(images: &[Turned], dimensions: &[usize]) -> Vec<Vec<Vec<f32>>> {
    let of_turned = |levels: &Vec<Vec<f32>>| {
        let values = levels.iter().zip(dimensions).flat_map(|(rows, dimension)| {
            let Moments { mean, deviation } = Moments::of(rows, *dimension);
            mean.into_iter().chain(deviation)
        });
        values.map(|value| value as f32).collect()
    };
    let images = images.iter();
    let mut pooled: Vec<Vec<Vec<f32>>> = images
        .map(|turned| turned.iter().map(of_turned).collect())
        .collect();
    let own: Vec<f32> = pooled
        .iter()
        .flat_map(|turned| &turned[0])
        .copied()
        .collect();
    let scale = Moments::of(&own, own.len() / pooled.len());
    for vector in pooled.iter_mut().flatten() {
        *vector = scale.standardized(vector).collect();
    }
    pooled
}

/// All positions of all levels in one vector. Levels and channels count equally, by their deviations over images as they
/// are.
fn joined(images: &[Turned], dimensions: &[usize]) -> Vec<Vec<Vec<f32>>> {
    let mut joined = vec![vec![Vec::new(); TURNS.len()]; images.len()];
    for (level, dimension) in dimensions.iter().enumerate() {
        let own: Vec<f32> = images
            .iter()
            .flat_map(|turned| &turned[0][level])
            .copied()
            .collect();
        let scale = Moments::of(&own, *dimension);
        let share = (own.len() / images.len()) as f32;
        for (joined, turned) in joined.iter_mut().zip(images) {
            for (joined, levels) in joined.iter_mut().zip(turned) {
                let rows = levels[level].chunks_exact(*dimension);
                let values = rows.flat_map(|row| scale.standardized(row));
                joined.extend(values.map(|value| value / share.sqrt()));
            }
        }
    }
    joined
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn nearest(distances: &[f64]) -> f64 {
    distances.iter().copied().fold(f64::INFINITY, f64::min)
}

/// How many times farther images are from the other images when turned by 90, 180 and 270 degrees, by `of` each one's
/// distances.
fn farther(images: &[Vec<Vec<f32>>], of: impl Fn(&[f64]) -> f64) -> [f64; 3] {
    let distance = |a: &[f32], b: &[f32]| {
        let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let sum = |turn: usize| {
        let one = |(at, image): (usize, &Vec<Vec<f32>>)| {
            let others = images.iter().enumerate().filter(|(other, _)| *other != at);
            let distances = others.map(|(_, other)| distance(&image[turn], &other[0]));
            of(&distances.collect::<Vec<_>>())
        };
        images.iter().enumerate().map(one).sum::<f64>()
    };
    let as_they_are = sum(0);
    // Without differences, copies would add nothing.
    [1, 2, 3].map(|turn| match as_they_are > 0.0 {
        true => sum(turn) / as_they_are,
        false => f64::INFINITY,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::view::{View, Views};

    #[test]
    fn copies_end_at_so_many_inputs_and_are_spread_over_the_images() {
        let cut = |images: usize| {
            let image = |number: usize| CutImage {
                sample: Sample::normal(format!("{number}.png").into()),
                size: (64, 64),
                views: Views::one(View::stretched(64)),
            };
            (0..images).map(image).collect::<Vec<_>>()
        };
        let inputs = |images: usize, rotations: Rotations| {
            let of_images = with_copies(&cut(images), rotations);
            let copied = of_images.iter().map(|inputs| inputs.len() > 1);
            assert_eq!(
                copied.clone().any(|copied| copied),
                have_room(images, rotations)
            );
            let (first, last) = of_images.split_at(images / 2);
            let copied = |half: &[Vec<Sample>]| half.iter().filter(|of| of.len() > 1).count();
            assert!(copied(first).abs_diff(copied(last)) <= 1);
            of_images.concat().len()
        };
        assert_eq!(inputs(10, Rotations::Quarter), 40);
        assert_eq!(inputs(10, Rotations::Half), 20);
        assert_eq!(inputs(100, Rotations::Quarter), 400);
        assert_eq!(inputs(307, Rotations::Quarter), 400);
        assert_eq!(inputs(300, Rotations::Half), 400);
        assert_eq!(inputs(397, Rotations::Quarter), 400);
        assert_eq!(inputs(398, Rotations::Quarter), 398);
        assert_eq!(inputs(1000, Rotations::Quarter), 1000);
    }
}
