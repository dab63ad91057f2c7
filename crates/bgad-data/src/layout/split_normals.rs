//! The split for data sets that have none.

use crate::{Dataset, Sample, split};

/// The share of normal images used for testing, if the data set does not say.
pub(super) const TEST_FRACTION: f64 = 0.25;
/// The seed of that split; the published results used it.
pub(super) const RANDOM_STATE: u32 = 42;

/// Fills a data set with normal images, which are split, and abnormal ones, which are all for testing. At
/// least one normal image is for training.
pub(super) fn split_normals(
    dataset: Dataset,
    normals: Vec<Sample>,
    abnormals: Vec<Sample>,
    test_fraction: f64,
    random_state: u32,
) -> Dataset {
    let mut split = split::train_test_split(normals.len(), test_fraction, random_state);
    // Training needs at least one.
    if split.train.is_empty() {
        split.train.extend(split.test.pop());
    }
    let pick = |indices: &[usize]| -> Vec<Sample> {
        indices.iter().map(|&i| normals[i].clone()).collect()
    };
    let mut test = pick(&split.test);
    test.extend(abnormals);
    Dataset {
        train: pick(&split.train),
        test,
        ..dataset
    }
}
