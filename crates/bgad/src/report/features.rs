//! Features before and after the flows: Figures 8 and 9 of the paper.

use bgad_data::Mask;
use bgad_loss::NORMALIZER;
use bgad_report::{Embedding, EmbeddingPoint, LevelHistogram, pca_2d};
use burn::tensor::{Int, Tensor, TensorData};
use rayon::prelude::*;

use crate::config::choices::Granularity;
use crate::detector::trained_model::Detector;
use crate::device::host::read;
use crate::error::Result;
use crate::evaluation::evaluate::Examination;
use crate::input::tiled_images::SetImage;
use crate::input::view::View;
use crate::model::LevelFlow;
use crate::model::places::Places;

/// Bins per histogram.
const BINS: usize = 60;
/// Images per class whose features are shown.
const IMAGES: usize = 24;
/// Features shown per class and level.
const FEATURES: usize = 600;

fn level_name(detector: &Detector, level: usize) -> String {
    let input = &detector.inputs()[level];
    let mut name = input.name.clone();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    match input.side {
        Some(side) => format!("{name}, {side} x {side}"),
        None => name,
    }
}

/// One input of a test image.
struct Input<'a> {
    image: &'a SetImage,
    /// Its index among all inputs.
    index: usize,
    view: &'a View,
    /// The mask at the size of the image's map; `None` if unknown.
    mask: Option<&'a Mask>,
}

impl<'a> Input<'a> {
    fn all(examination: &'a Examination) -> Vec<Self> {
        let test = &examination.examined.test;
        let images = test.images.iter().zip(test.masks());
        let of_image = |(image, mask): (&'a SetImage, &'a Option<Mask>)| {
            let views = image.inputs.clone().zip(&image.views.views);
            views.map(move |(index, view)| Input {
                image,
                index,
                view,
                mask: mask.as_ref(),
            })
        };
        images.flat_map(of_image).collect()
    }

    fn is_abnormal(&self) -> bool {
        self.image.sample.label.is_abnormal()
    }

    /// For each position of a map of `side` by `side`: whether it lies on a defect. `None` in the padding;
    /// the list is empty if the mask is unknown.
    fn on_defect(&self, side: usize) -> Vec<Option<bool>> {
        let abnormal = self.is_abnormal();
        if side == 1 || !abnormal {
            let counts = self.view.counts(side).into_iter();
            return counts.map(|counts| counts.then_some(abnormal)).collect();
        }
        let Some(mask) = self.mask else {
            return Vec::new();
        };
        let (columns, rows) = self.image.views.axes(self.view);
        let (columns, rows) = (columns.covered, rows.covered);
        let lines = mask.pixels().chunks_exact(mask.width().max(1) as usize);
        let lines = lines.skip(rows.start).take(rows.len());
        let pixels = lines.flat_map(|line| line[columns.clone()].iter().copied());
        let part = Mask::new(columns.len() as u32, rows.len() as u32, pixels.collect());
        let part = part.unwrap_or_else(|_| Mask::empty(1, 1));
        let mask = self.view.place(&part).resize(side as u32, side as u32);
        let counts = self.view.counts(side);
        let pairs = counts.into_iter().zip(mask.pixels());
        pairs
            .map(|(counts, defect)| counts.then_some(*defect))
            .collect()
    }
}

/// Log-likelihoods `l` of normal and abnormal test features at each level, with the boundaries of the normal
/// training features.
pub(super) fn histograms(examination: &Examination, detector: &Detector) -> Vec<LevelHistogram> {
    let description = detector.description();
    let levels = examination
        .examined
        .maps
        .first()
        .map_or(0, |maps| maps.levels.len());
    let inputs = Input::all(examination);
    (0..levels)
        .map(|level| {
            let (mut normal, mut abnormal) = (Vec::new(), Vec::new());
            for input in &inputs {
                let map = &examination.examined.maps[input.index].levels[level];
                for (&value, defect) in map.values.iter().zip(input.on_defect(map.width)) {
                    let Some(defect) = defect else {
                        continue;
                    };
                    let of_class = if defect { &mut abnormal } else { &mut normal };
                    of_class.push(value);
                }
            }
            let name = level_name(detector, level);
            let mut histogram = LevelHistogram::from_values(name, &normal, &abnormal, BINS);
            // Boundaries are in units of l / 10, but log-likelihoods are shown as l.
            if let Some(boundary) = description.boundaries.get(level) {
                let tau = description.config.objective.tau;
                histogram.boundary_normal = Some(boundary * NORMALIZER);
                histogram.boundary_abnormal = Some((boundary - tau) * NORMALIZER);
            }
            histogram
        })
        .collect()
}

/// This many of `0..count`, evenly spaced.
fn spaced(count: usize, wanted: usize) -> impl Iterator<Item = usize> {
    let taken = wanted.min(count);
    (0..taken).map(move |index| index * count / taken)
}

/// Test features of each level on their first two principal components, before and after the flow. Which ones
/// are shown depends only on the order of images and positions.
pub(super) fn embeddings(examination: &Examination, detector: &Detector) -> Result<Vec<Embedding>> {
    let description = detector.description();
    let all = Input::all(examination);
    let of_class = |class: bool| -> Vec<&Input<'_>> {
        let images: Vec<&Input<'_>> = all
            .iter()
            .filter(|input| input.is_abnormal() == class)
            .collect();
        let wanted = match description.granularity {
            Granularity::Pixel | Granularity::Both => IMAGES,
            Granularity::Image => FEATURES,
        };
        spaced(images.len(), wanted).map(|i| images[i]).collect()
    };
    let mut images = of_class(false);
    images.extend(of_class(true));
    let inputs = detector.inputs();
    let mut features = Vec::with_capacity(images.len());
    for input in &images {
        features.push(
            examination
                .examined
                .test
                .inputs
                .features(input.index, false)?,
        );
    }
    let of_level = |(level, flow): (usize, &LevelFlow)| -> Result<Vec<Embedding>> {
        // Candidates by class, as (index among the chosen images, position).
        let mut candidates = [Vec::new(), Vec::new()];
        for (index, input) in images.iter().enumerate() {
            let side = features[index].level(level).dims()[0].isqrt();
            for (position, defect) in input.on_defect(side).into_iter().enumerate() {
                if let Some(defect) = defect {
                    candidates[usize::from(defect)].push((index, position));
                }
            }
        }
        let mut chosen = Vec::new();
        for (class, candidates) in candidates.iter().enumerate() {
            let picked = spaced(candidates.len(), FEATURES).map(|i| candidates[i]);
            chosen.extend(picked.map(|(index, position)| (index, position, class == 1)));
        }
        chosen.sort_unstable();
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let (mut before, mut scaled) = (Vec::new(), Vec::new());
        let (mut places, mut labels) = (Vec::new(), Vec::new());
        let mut rows = chosen.chunk_by(|a, b| a.0 == b.0);
        for of_image in &mut rows {
            let matrix = features[of_image[0].0].level(level);
            let dimension = matrix.dims()[1];
            let values = read(matrix.clone())?;
            let after = read(flow.scaled(matrix))?;
            for &(_, position, abnormal) in of_image {
                before.extend_from_slice(&values[position * dimension..][..dimension]);
                scaled.extend_from_slice(&after[position * dimension..][..dimension]);
                places.push(position as i32);
                labels.push(abnormal);
            }
        }
        let dimension = before.len() / labels.len();
        let device = &detector.device;
        let after = match flow.to_flow(device)? {
            None => scaled,
            Some(flow) => {
                let table = Places::new(&description.config, &inputs[level])?.on_device(device);
                let condition = table.map(|table| {
                    let places = TensorData::new(places, [labels.len()]);
                    table.select(0, Tensor::<1, Int>::from_data(places, device))
                });
                let x = TensorData::new(scaled, [labels.len(), dimension]);
                let x = Tensor::<2>::from_data(x, device);
                read(flow.forward(x, condition).latent)?
            }
        };
        let name = level_name(detector, level);
        let pair = [("before the flow", &before), ("after the flow", &after)];
        let pair = pair.into_iter().filter_map(|(when, values)| {
            let name = format!("{name}: {when}");
            embedding(name, values, dimension, &labels)
        });
        Ok(pair.collect())
    };
    let flows = detector.flows.par_iter().enumerate();
    let embeddings = flows.map(of_level).collect::<Result<Vec<_>>>()?;
    Ok(embeddings.into_iter().flatten().collect())
}

/// `None` if a feature is not finite, because then there is no projection.
fn embedding(name: String, values: &[f32], dimension: usize, labels: &[bool]) -> Option<Embedding> {
    let projection = pca_2d(values, dimension).ok()?;
    let explained = 100.0 * projection.explained.iter().sum::<f64>();
    let points = projection.points.iter().zip(labels);
    Some(Embedding {
        name,
        note: format!("First two principal components, {explained:.0} % of the variance."),
        points: points
            .map(|(&[x, y], &abnormal)| EmbeddingPoint { x, y, abnormal })
            .collect(),
    })
}
