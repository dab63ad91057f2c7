//! Compares the decisions of two models, before and after a lesson, on the same images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use bgad_data::{Region, Sample};
use rayon::prelude::*;

use super::outcome::{Change, FlippedImage, Mistake, TaughtImage};
use super::scorer::Scorer;
use super::teaching::Teaching;
use crate::detector::trained_model::Detector;
use crate::error::Result;
use crate::training::outcome::ScoredImage;
use crate::training::progress::Progress;

/// Two models and the folders of their runs. Files at the same path below each folder are copies.
pub(super) struct Comparison<'a> {
    pub before: &'a Detector,
    pub after: &'a Detector,
    pub from: &'a Path,
    pub to: &'a Path,
    /// The folder of features that both models use; `None` if features of their backbone can't be kept.
    pub features: Option<&'a Path>,
}

/// The result of a comparison.
pub(super) struct Compared {
    pub taught: Vec<TaughtImage>,
    pub flipped: Vec<FlippedImage>,
    pub images: usize,
}

/// The scores of both runs. An earlier run may have stored none.
pub(super) struct Scores<'a> {
    pub before: Option<&'a [ScoredImage]>,
    pub after: &'a [ScoredImage],
}

impl Comparison<'_> {
    /// Compares the lesson's images, other abnormal training images, and the images that both runs
    /// scored.
    ///
    /// # Errors
    /// If an image can no longer be read, or the device fails.
    pub fn of(
        &self,
        teaching: &Teaching,
        scores: &Scores<'_>,
        tell: impl Fn(Progress) + Sync,
    ) -> Result<Compared> {
        let of_lesson = teaching.taught.iter().map(|(_, _, sample)| sample);
        let earlier = teaching.dataset.train.iter().filter(|sample| {
            let mut of_lesson = teaching.taught.iter();
            sample.label.is_abnormal() && of_lesson.all(|(_, _, taught)| taught != *sample)
        });
        let samples: Vec<&Sample> = of_lesson.chain(earlier).collect();
        let before = Scorer::new(self.before, self.features)?;
        let after = Scorer::new(self.after, self.features)?;
        let (count, total) = (AtomicUsize::new(0), samples.len());
        let changes = samples.par_iter().map(|sample| {
            let change = Change {
                before: before.score(sample)?,
                after: after.score(sample)?,
            };
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            tell(Progress::Scored { done, total });
            Ok(change)
        });
        let changes: Vec<Change<f32>> = changes.collect::<Result<_>>()?;
        let taught = teaching.taught.iter().zip(&changes);
        let taught = taught.map(|((image, kind, _), score)| TaughtImage {
            image: image.clone(),
            kind: *kind,
            score: *score,
            abnormal: self.decisions(*score),
        });
        let taught: Vec<TaughtImage> = taught.collect();
        let others = samples.iter().zip(&changes).skip(taught.len());
        let others = others.map(|(sample, score)| FlippedImage {
            image: sample.path.clone(),
            region: sample.region,
            label: sample.label,
            score: *score,
            abnormal: self.decisions(*score),
        });
        let mut all: Vec<FlippedImage> = others.collect();
        all.extend(self.of_runs(teaching, scores));
        let images = taught.len() + all.len();
        all.retain(|image| is_other(image.abnormal));
        Ok(Compared {
            taught,
            flipped: all,
            images,
        })
    }

    /// The images that both runs scored, except the lesson's.
    fn of_runs(&self, teaching: &Teaching, scores: &Scores<'_>) -> Vec<FlippedImage> {
        let before = scores.before.unwrap_or_default().iter();
        let before: BTreeMap<_, f32> = before.map(|i| (self.key(i), i.score)).collect();
        let is_taught = |image: &ScoredImage| {
            let mut taught = teaching.taught.iter();
            taught
                .any(|(_, kind, sample)| *kind == Mistake::FalseAlarm && sample.path == image.path)
        };
        let known = scores.after.iter().filter(|image| !is_taught(image));
        let known = known.filter_map(|image| {
            let before = *before.get(&self.key(image))?;
            let score = Change {
                before,
                after: image.score,
            };
            Some(FlippedImage {
                image: image.path.clone(),
                region: image.region,
                label: image.label,
                score,
                abnormal: self.decisions(score),
            })
        });
        known.collect()
    }

    /// Identifies an image in both runs: its path below the run's folder if it is in there, and its region.
    fn key(&self, image: &ScoredImage) -> (PathBuf, Option<Region>) {
        let inner = |folder: &Path| image.path.strip_prefix(folder).ok();
        let path = inner(self.from).or_else(|| inner(self.to));
        let path = path.unwrap_or(&image.path);
        (path.to_owned(), image.region)
    }

    fn decisions(&self, score: Change<f32>) -> Change<Option<bool>> {
        let decision = |detector: &Detector, score: f32| {
            let threshold = detector.description.chosen_threshold();
            threshold.map(|threshold| score > threshold)
        };
        Change {
            before: decision(self.before, score.before),
            after: decision(self.after, score.after),
        }
    }
}

/// Whether both models decide, and not alike.
fn is_other(abnormal: Change<Option<bool>>) -> bool {
    let both = abnormal.before.zip(abnormal.after);
    both.is_some_and(|(before, after)| before != after)
}
