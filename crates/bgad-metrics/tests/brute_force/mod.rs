//! The definitions of the metrics written literally: slow, without sorting, and without code shared with the
//! library.
#![allow(dead_code)]

use bgad_metrics::LabelledMap;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Share of the (abnormal, normal) pairs in the right order, ties counting half.
pub fn auroc(scores: &[f32], abnormal: &[bool]) -> f64 {
    let (mut ordered, mut pairs) = (0.0, 0.0);
    for i in 0..scores.len() {
        for j in 0..scores.len() {
            if abnormal[i] && !abnormal[j] {
                pairs += 1.0;
                if scores[i] > scores[j] {
                    ordered += 1.0;
                } else if scores[i] == scores[j] {
                    ordered += 0.5;
                }
            }
        }
    }
    ordered / pairs
}

/// The distinct values in descending order.
pub fn thresholds(scores: &[f32]) -> Vec<f32> {
    let mut distinct: Vec<f32> = Vec::new();
    for &score in scores {
        if !distinct.contains(&score) {
            distinct.push(score);
        }
    }
    distinct.sort_by(|a, b| b.partial_cmp(a).unwrap());
    distinct
}

/// True positives, predicted positives and actual positives for "abnormal if score >= threshold".
fn counts(scores: &[f32], abnormal: &[bool], threshold: f32) -> (f64, f64, f64) {
    let count =
        |keep: &dyn Fn(usize) -> bool| (0..scores.len()).filter(|&i| keep(i)).count() as f64;
    (
        count(&|i| abnormal[i] && scores[i] >= threshold),
        count(&|i| scores[i] >= threshold),
        count(&|i| abnormal[i]),
    )
}

pub fn f1(scores: &[f32], abnormal: &[bool], threshold: f32) -> f64 {
    let (hits, predicted, actual) = counts(scores, abnormal, threshold);
    let (precision, recall) = (hits / predicted, hits / actual);
    if hits == 0.0 {
        0.0
    } else {
        2.0 * precision * recall / (precision + recall)
    }
}

pub fn average_precision(scores: &[f32], abnormal: &[bool]) -> f64 {
    let (mut sum, mut recall_before) = (0.0, 0.0);
    for threshold in thresholds(scores) {
        let (hits, predicted, actual) = counts(scores, abnormal, threshold);
        sum += (hits / actual - recall_before) * (hits / predicted);
        recall_before = hits / actual;
    }
    sum
}

/// A map that owns its pixels.
#[derive(Debug, Clone)]
pub struct OwnedMap {
    pub width: usize,
    pub height: usize,
    pub scores: Vec<f32>,
    pub mask: Vec<bool>,
}

impl OwnedMap {
    pub fn view(&self) -> LabelledMap<'_> {
        LabelledMap {
            width: self.width,
            height: self.height,
            scores: &self.scores,
            mask: &self.mask,
        }
    }

    /// Scores from a few levels (so with many ties), higher on average at the defects.
    pub fn random(rng: &mut ChaCha8Rng, defect_rate: f64) -> Self {
        let (width, height) = (rng.random_range(1..9), rng.random_range(1..9));
        let mask: Vec<bool> = (0..width * height)
            .map(|_| rng.random_bool(defect_rate))
            .collect();
        let scores = mask
            .iter()
            .map(|&defect| {
                let level: i32 = rng.random_range(-6..6) + if defect { 3 } else { 0 };
                level as f32 * 0.25
            })
            .collect();
        Self {
            width,
            height,
            scores,
            mask,
        }
    }
}

/// Maps of different sizes, some without a defect; at least one normal and one defect pixel.
pub fn random_maps(rng: &mut ChaCha8Rng) -> Vec<OwnedMap> {
    loop {
        let count = rng.random_range(1..5);
        let maps: Vec<OwnedMap> = (0..count)
            .map(|_| {
                let defect_rate = [0.0, 0.15, 0.3, 0.6][rng.random_range(0..4)];
                OwnedMap::random(rng, defect_rate)
            })
            .collect();
        let (_, mask) = flatten(&maps);
        if mask.contains(&true) && mask.contains(&false) {
            return maps;
        }
    }
}

pub fn views(maps: &[OwnedMap]) -> Vec<LabelledMap<'_>> {
    maps.iter().map(OwnedMap::view).collect()
}

/// All pixels of all maps, scores and mask.
pub fn flatten(maps: &[OwnedMap]) -> (Vec<f32>, Vec<bool>) {
    (
        maps.iter().flat_map(|map| map.scores.clone()).collect(),
        maps.iter().flat_map(|map| map.mask.clone()).collect(),
    )
}

/// The regions as lists of pixels: every defect pixel starts as its own region, and regions that
/// touch are merged until none do.
pub fn regions(mask: &[bool], width: usize) -> Vec<Vec<usize>> {
    let mut regions: Vec<Vec<usize>> = (0..mask.len())
        .filter(|&i| mask[i])
        .map(|i| vec![i])
        .collect();
    let touch = |a: usize, b: usize| {
        (a / width).abs_diff(b / width) <= 1 && (a % width).abs_diff(b % width) <= 1
    };
    'again: loop {
        for first in 0..regions.len() {
            for second in first + 1..regions.len() {
                if regions[first]
                    .iter()
                    .any(|&a| regions[second].iter().any(|&b| touch(a, b)))
                {
                    let merged = regions.remove(second);
                    regions[first].extend(merged);
                    continue 'again;
                }
            }
        }
        break;
    }
    for region in &mut regions {
        region.sort_unstable();
    }
    regions.sort();
    regions
}

/// False-positive rate and mean overlap if `positive` decides about each score.
fn point(maps: &[OwnedMap], positive: impl Fn(f32) -> bool) -> (f64, f64) {
    let (mut false_positives, mut normal) = (0.0, 0.0);
    let mut overlaps = Vec::new();
    for map in maps {
        for (&score, &defect) in map.scores.iter().zip(&map.mask) {
            if !defect {
                normal += 1.0;
                false_positives += f64::from(u8::from(positive(score)));
            }
        }
        for region in regions(&map.mask, map.width) {
            let hits = region.iter().filter(|&&i| positive(map.scores[i])).count();
            overlaps.push(hits as f64 / region.len() as f64);
        }
    }
    (
        false_positives / normal,
        overlaps.iter().sum::<f64>() / overlaps.len() as f64,
    )
}

/// Area under straight lines between the points, up to `limit`.
fn area_up_to(points: &[(f64, f64)], limit: f64) -> f64 {
    points
        .windows(2)
        .filter(|pair| pair[0].0 < limit)
        .map(|pair| {
            let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
            let end = x1.min(limit);
            let y_end = if x1 > x0 {
                y0 + (y1 - y0) * (end - x0) / (x1 - x0)
            } else {
                y1
            };
            (end - x0) * (y0 + y_end) / 2.0
        })
        .sum()
}

pub fn aupro(maps: &[OwnedMap], limit: f64) -> f64 {
    let mut points = vec![(0.0, 0.0)];
    for threshold in thresholds(&flatten(maps).0) {
        points.push(point(maps, |score| score >= threshold));
    }
    area_up_to(&points, limit) / limit
}

/// A thousand binarisations, as in the paper's program; `None` if it divides 0 by 0.
pub fn paper_aupro(maps: &[OwnedMap]) -> Option<f64> {
    let (scores, _) = flatten(maps);
    let largest = f64::from(scores.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let smallest = f64::from(scores.iter().copied().fold(f32::INFINITY, f32::min));
    let step = (largest - smallest) / 1000.0;
    let kept: Vec<(f64, f64)> = (0..1000)
        .map(|k| largest - f64::from(k) * step)
        .map(|threshold| point(maps, |score| f64::from(score) > threshold))
        .filter(|&(rate, _)| rate <= 0.3)
        .collect();
    let rates = || kept.iter().map(|&(rate, _)| rate);
    let (low, high) = (rates().fold(1.0, f64::min), rates().fold(0.0, f64::max));
    let stretched: Vec<(f64, f64)> = kept
        .iter()
        .map(|&(rate, pro)| ((rate - low) / (high - low), pro))
        .collect();
    (high > low).then(|| area_up_to(&stretched, 1.0))
}

/// AUPIMO of each map by its definition: every threshold binarises every map.
pub fn aupimo(maps: &[OwnedMap], lower: f64, upper: f64) -> Vec<Option<f64>> {
    let share = |map: &OwnedMap, counted: &dyn Fn(usize) -> bool, threshold: f32| {
        let pixels: Vec<usize> = (0..map.scores.len()).filter(|&i| counted(i)).collect();
        let hits = pixels.iter().filter(|&&i| map.scores[i] >= threshold);
        hits.count() as f64 / pixels.len() as f64
    };
    let normal: Vec<&OwnedMap> = maps
        .iter()
        .filter(|map| !map.mask.contains(&true))
        .collect();
    let of_map = |map: &OwnedMap| {
        let mut points = vec![(0.0, 0.0)];
        for threshold in thresholds(&flatten(maps).0) {
            let rates = normal.iter().map(|map| share(map, &|_| true, threshold));
            let rate = rates.sum::<f64>() / normal.len() as f64;
            points.push((rate, share(map, &|i| map.mask[i], threshold)));
        }
        let mut sum = 0.0;
        for pair in points.windows(2) {
            let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
            let (from, to) = (x0.max(lower), x1.min(upper));
            if to > from {
                // y = a + b x on the segment, so the integral of y dx / x is a ln x + b x.
                let b = (y1 - y0) / (x1 - x0);
                let a = y0 - b * x0;
                sum += a * (to / from).ln() + b * (to - from);
            }
        }
        sum / (upper / lower).ln()
    };
    maps.iter()
        .map(|map| map.mask.contains(&true).then(|| of_map(map)))
        .collect()
}
