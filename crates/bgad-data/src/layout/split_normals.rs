//! The split of data sets that have none of their own.

use crate::{Dataset, Sample, split};

/// The share of normal images that tests, where the data set itself does not say.
pub(super) const TEST_FRACTION: f64 = 0.25;
/// The seed of that split; with it the published results were made.
pub(super) const RANDOM_STATE: u32 = 42;

/// Fills a data set with normal images that are split and abnormal ones that all test.
pub(super) fn split_normals(
    dataset: Dataset,
    normals: Vec<Sample>,
    abnormals: Vec<Sample>,
    test_fraction: f64,
    random_state: u32,
) -> Dataset {
    let split = split::train_test_split(normals.len(), test_fraction, random_state);
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
