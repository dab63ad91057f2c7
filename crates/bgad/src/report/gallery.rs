//! The gallery: images with ground truth and score map (Figure 4 of the paper).

use bgad_data::{Filter, Label, MaskFiles, Sample, Turn, resize};
use bgad_report::{GalleryEntry, MaskPicture, ReportData, RgbPicture, ScoreMapPicture};
use rayon::prelude::*;

use super::scoring::Scoring;
use crate::evaluation::result::{Evaluation, ImageResult};
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::scoring::image_likelihoods::ImageLikelihoods;

/// Longer side of a picture in pixels, which is the largest size shown.
const SIDE: u32 = 256;

/// Adds at most `most` images to the page, the largest errors first; returns how many could not be read.
pub(super) fn fill(
    data: &mut ReportData,
    evaluation: &Evaluation,
    maps: &[LogLikelihoodMaps],
    scoring: &Scoring,
    most: usize,
) -> usize {
    let mut order: Vec<usize> = (0..evaluation.results.len()).collect();
    order.sort_by(|&a, &b| {
        let key = |image: usize| {
            let result = &evaluation.results[image];
            let Some(threshold) = chosen(scoring.threshold) else {
                return (false, -result.score);
            };
            let wrong = result.abnormal != (result.score > threshold);
            let distance = (result.score - threshold).abs();
            (wrong, if wrong { -distance } else { distance })
        };
        let (a, b) = (key(a), key(b));
        b.0.cmp(&a.0).then(a.1.total_cmp(&b.1))
    });
    order.truncate(most);
    let views = scoring.views(evaluation);
    let mut inputs = maps;
    let images = views.iter().map(|views| {
        let (of_image, others) = inputs.split_at(views.views.len().min(inputs.len()));
        inputs = others;
        ImageLikelihoods {
            views,
            inputs: of_image,
        }
    });
    let images: Vec<ImageLikelihoods<'_>> = images.collect();
    let entries: Vec<Option<GalleryEntry>> = order
        .par_iter()
        .map(|&image| entry(&evaluation.results[image], images[image], scoring))
        .collect();
    let wanted = entries.len();
    data.gallery = entries.into_iter().flatten().collect();
    wanted - data.gallery.len()
}

/// The threshold; `None` for the largest number, which means that there is none.
fn chosen(threshold: f32) -> Option<f32> {
    (threshold < f32::MAX).then_some(threshold)
}

fn entry(
    result: &ImageResult,
    likelihoods: ImageLikelihoods<'_>,
    scoring: &Scoring,
) -> Option<GalleryEntry> {
    let sample = Sample {
        path: result.path.clone(),
        region: result.region,
        label: match result.abnormal {
            true => Label::Abnormal,
            false => Label::Normal,
        },
        defect_type: result.defect_type.clone(),
        mask: MaskFiles::several(result.masks.clone()),
        orientation: scoring.orientation,
        mask_values: result.mask_values.clone(),
        bit_depth: result.bit_depth,
        turn: Turn::None,
    };
    let image = sample.load_image().ok()?;
    let longer = image.width().max(image.height()).max(1);
    let shorter = |side: u32| (side * SIDE.min(longer)).div_ceil(longer).max(1);
    let (width, height) = (shorter(image.width()), shorter(image.height()));
    let image = resize(&image, width, height, Filter::Lanczos);
    let map = scoring.calibration.map_of(likelihoods);
    // No larger than it is shown.
    let map = map.map(|map| match map.width.max(map.height) > SIDE as usize {
        true => map.resized(width, height),
        false => map,
    });
    let mask = sample.load_mask().ok().flatten();
    let mask = mask.map(|mask| MaskPicture {
        width: SIDE,
        height: SIDE,
        pixels: mask.resize(SIDE, SIDE).pixels().to_vec(),
    });
    Some(GalleryEntry {
        path: result.name(),
        abnormal: result.abnormal,
        defect_type: result.abnormal.then(|| result.defect_type.clone()),
        score: result.score,
        threshold: chosen(scoring.threshold).map(f32::next_up),
        pixel_threshold: scoring.pixel_threshold.and_then(chosen).map(f32::next_up),
        image: RgbPicture {
            width,
            height,
            pixels: image.into_raw(),
        },
        mask,
        score_map: map.map(|map| ScoreMapPicture {
            width: map.width as u32,
            height: map.height as u32,
            scores: map.values,
        }),
    })
}
