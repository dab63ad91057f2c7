//! Features that are computed once and kept.

use std::collections::BTreeSet;

use bgad_data::Sample;
use rayon::prelude::*;

use super::extractor::Extractor;
use super::image_features::ImageFeatures;
use crate::error::{Error, Result};

/// Files whose features are kept as far as the memory budget goes; beyond it they are read from the
/// cache, where there is one, and computed anew where there is none.
pub(crate) struct KeptFeatures {
    pub samples: Vec<Sample>,
    features: Vec<Option<ImageFeatures>>,
}

impl KeptFeatures {
    /// Reads all of `samples` once. Those that are no readable images are left out, each with a
    /// warning. What the features take is deducted from `budget`; `done` is told the number of each.
    pub fn read(
        samples: Vec<Sample>,
        extractor: &Extractor,
        budget: &mut u64,
        warnings: &mut Vec<String>,
        done: impl Fn(usize) + Sync,
    ) -> Self {
        let kept = (*budget / extractor.bytes_per_image().max(1)).min(samples.len() as u64);
        *budget -= kept * extractor.bytes_per_image();
        let one = |(index, sample): (usize, &Sample)| {
            let features = match (index as u64) < kept {
                true => extractor.features_of(sample).map(Some),
                // Into the cache, or at least to see whether the image can be read.
                false if extractor.cache.is_some() => extractor.features_of(sample).map(|_| None),
                false => sample.load_image().map(|_| None).map_err(Error::from),
            };
            done(index);
            features
        };
        let all: Vec<Result<Option<ImageFeatures>>> =
            samples.par_iter().enumerate().map(one).collect();
        let mut readable = Self {
            samples: Vec::new(),
            features: Vec::new(),
        };
        for (sample, features) in samples.iter().zip(all) {
            match features {
                Ok(features) => {
                    readable.samples.push(sample.clone());
                    readable.features.push(features);
                }
                Err(error) => {
                    let warning = format!("image left out: {error}");
                    // All parts of an image fail alike.
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                }
            }
        }
        readable
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Of how many images some features did not fit in memory.
    pub fn beyond_memory(&self) -> usize {
        let all = self.samples.iter().zip(&self.features);
        let beyond = all.filter(|(_, kept)| kept.is_none());
        let files: BTreeSet<_> = beyond.map(|(sample, _)| &sample.path).collect();
        files.len()
    }

    /// The features of image `index`.
    pub fn features(&self, index: usize, extractor: &Extractor) -> Result<ImageFeatures> {
        match &self.features[index] {
            Some(features) if extractor.mirror => Ok(features.clone()),
            Some(features) => Ok(features.clone().unmirrored()),
            None => extractor.features_of(&self.samples[index]),
        }
    }
}
