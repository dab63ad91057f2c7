//! A set of images and their features.

use std::collections::BTreeSet;
use std::sync::Arc;

use bgad_data::Sample;
use rayon::prelude::*;

use super::accumulator::{Accumulator, HostFeatures, feed};
use super::image_features::ImageFeatures;
use super::store::{FeatureFormat, FeatureStore};
use crate::error::Result;

/// Inputs whose features are on the host at one time, waiting for their turn.
const AT_A_TIME: usize = 16;

/// The beginning of the warning about an unreadable image.
pub(crate) const LEFT_OUT: &str = "image left out";

/// Images whose features are kept while the store has memory. The others are read from disk if stored there,
/// and otherwise computed again.
pub(crate) struct StoredImages {
    store: Arc<FeatureStore>,
    format: FeatureFormat,
    pub samples: Vec<Sample>,
    kept: Vec<Option<ImageFeatures>>,
}

impl StoredImages {
    /// A set of images, not read yet.
    pub fn new(store: &Arc<FeatureStore>, format: FeatureFormat, samples: Vec<Sample>) -> Self {
        Self {
            store: store.clone(),
            format,
            kept: vec![None; samples.len()],
            samples,
        }
    }

    /// Reads all images once, keeps features while there is memory, and feeds those of readable images to
    /// `accumulators`. Unreadable files are skipped, each with a warning. Calls `done` with the number of
    /// images so far.
    ///
    /// # Errors
    /// If the device fails.
    pub fn read(
        &mut self,
        accumulators: &mut [&mut dyn Accumulator],
        warnings: &mut Vec<String>,
        done: impl Fn(usize) + Sync,
    ) -> Result<()> {
        let samples = std::mem::take(&mut self.samples);
        self.kept.clear();
        let room = self.store.take_memory(samples.len(), self.format);
        let wanted = !accumulators.is_empty();
        let numbered: Vec<(usize, &Sample)> = samples.iter().enumerate().collect();
        // Without statistics, nothing has to wait for its turn.
        let at_a_time = if wanted {
            AT_A_TIME
        } else {
            samples.len().max(1)
        };
        for chunk in numbered.chunks(at_a_time) {
            let read = chunk.par_iter().map(|&(index, sample)| {
                self.store.check_stop()?;
                let features = self.read_one(sample, index < room, wanted);
                done(index);
                let features = match features {
                    Ok(features) => features,
                    Err(error) => return Ok(Err(error)),
                };
                let on_host = features.as_ref().filter(|_| wanted);
                let on_host = on_host.map(HostFeatures::of).transpose()?;
                Ok(Ok((features.filter(|_| index < room), on_host)))
            });
            let read: Vec<Result<_>> = read.collect::<Result<_>>()?;
            let mut on_host = Vec::new();
            for ((_, sample), features) in chunk.iter().zip(read) {
                match features {
                    Ok((kept, statistics)) => {
                        self.samples.push((*sample).clone());
                        self.kept.push(kept);
                        on_host.extend(statistics);
                    }
                    Err(error) => {
                        let warning = format!("{LEFT_OUT}: {error}");
                        // All parts of an image fail with the same warning.
                        if !warnings.contains(&warning) {
                            warnings.push(warning);
                        }
                    }
                }
            }
            feed(accumulators, &on_host);
        }
        Ok(())
    }

    /// The features of an image that is to be kept, stored on disk or `wanted` for statistics; `None` if it
    /// is enough to check that the image can be read.
    fn read_one(&self, sample: &Sample, keep: bool, wanted: bool) -> Result<Option<ImageFeatures>> {
        let format = match keep || self.store.is_on_disk() {
            true => self.format,
            // Statistics are computed without mirror images.
            false if wanted => FeatureFormat {
                mirrored: false,
                ..self.format
            },
            false => {
                sample.load_image()?;
                return Ok(None);
            }
        };
        self.store.features_of(sample, format).map(Some)
    }

    /// Feeds the features of all images to `accumulators`, like [`read`](Self::read).
    ///
    /// # Errors
    /// If an image can no longer be read, or the device fails.
    pub fn feed(&self, accumulators: &mut [&mut dyn Accumulator]) -> Result<()> {
        let all: Vec<usize> = (0..self.len()).collect();
        for chunk in all.chunks(AT_A_TIME) {
            self.store.check_stop()?;
            let of_image = |index: &usize| HostFeatures::of(&self.features(*index, false)?);
            let inputs = chunk.par_iter().map(of_image);
            feed(accumulators, &inputs.collect::<Result<Vec<_>>>()?);
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Number of images with features that did not fit in memory.
    pub fn beyond_memory(&self) -> usize {
        let all = self.samples.iter().zip(&self.kept);
        let beyond = all.filter(|(_, kept)| kept.is_none());
        let files: BTreeSet<_> = beyond.map(|(sample, _)| &sample.path).collect();
        files.len()
    }

    /// The features of image `index` and, if wanted, of its mirror image.
    ///
    /// # Errors
    /// If the image can no longer be read.
    pub fn features(&self, index: usize, mirrored: bool) -> Result<ImageFeatures> {
        match &self.kept[index] {
            Some(features) if mirrored => Ok(features.clone()),
            Some(features) => Ok(features.clone().unmirrored()),
            None => self.computed(&self.samples[index], mirrored, self.format.half),
        }
    }

    /// The features of one of its samples as they are stored, and those of other samples in the same format.
    ///
    /// # Errors
    /// Those of [`features`](Self::features).
    pub fn features_as_stored(&self, sample: &Sample, mirrored: bool) -> Result<ImageFeatures> {
        match self.samples.iter().position(|own| own == sample) {
            Some(index) => self.features(index, mirrored),
            None => self.computed(sample, mirrored, self.format.half),
        }
    }

    /// The features of `sample` without rounding: those of the set if they are not rounded there.
    ///
    /// # Errors
    /// Those of [`features`](Self::features).
    pub fn exact_features(&self, sample: &Sample, mirrored: bool) -> Result<ImageFeatures> {
        let own = self.samples.iter().position(|own| own == sample);
        match own {
            Some(index) if !self.format.half => self.features(index, mirrored),
            _ => self.computed(sample, mirrored, false),
        }
    }

    fn computed(&self, sample: &Sample, mirrored: bool, half: bool) -> Result<ImageFeatures> {
        let format = FeatureFormat { mirrored, half };
        self.store.features_of(sample, format)
    }

    /// The store that owns the features.
    pub fn store(&self) -> &FeatureStore {
        &self.store
    }

    /// Calls `of` with each image's index and features, without its mirror image, on all cores, in one pass, and `then`
    /// with each result, in the order of the images. Few results are in memory at one time.
    ///
    /// # Errors
    /// Those of [`features`](Self::features) and of `of`.
    pub fn each_in_order<T: Send>(
        &self,
        of: impl Fn(usize, ImageFeatures) -> Result<T> + Sync,
        mut then: impl FnMut(T),
    ) -> Result<()> {
        let all: Vec<usize> = (0..self.len()).collect();
        for chunk in all.chunks(AT_A_TIME) {
            self.store.check_stop()?;
            let results = chunk.par_iter();
            let results = results.map(|index| of(*index, self.features(*index, false)?));
            let results: Vec<T> = results.collect::<Result<_>>()?;
            results.into_iter().for_each(&mut then);
        }
        Ok(())
    }

    /// Calls `of` with each image's index and features, on all cores, in one pass; returns the results.
    ///
    /// # Errors
    /// Those of [`features`](Self::features) and of `of`.
    pub fn each<T: Send>(
        &self,
        mirrored: bool,
        of: impl Fn(usize, ImageFeatures) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        self.each_of(&(0..self.len()).collect::<Vec<_>>(), mirrored, of)
    }

    /// The same for images with these indices.
    ///
    /// # Errors
    /// Those of [`each`](Self::each).
    pub fn each_of<T: Send>(
        &self,
        wanted: &[usize],
        mirrored: bool,
        of: impl Fn(usize, ImageFeatures) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let one = |index: &usize| {
            self.store.check_stop()?;
            of(*index, self.features(*index, mirrored)?)
        };
        wanted.par_iter().map(one).collect()
    }
}
