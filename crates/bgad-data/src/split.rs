//! The random split behind the published results on data sets without a split.

use rand_mt::Mt;

/// Indices of training and test items, in the order drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Training items.
    pub train: Vec<usize>,
    /// Test items.
    pub test: Vec<usize>,
}

/// Splits `0..count` like scikit-learn's `train_test_split(range(count), test_size, random_state)`.
///
/// The first `ceil(count * test_fraction)` items of a permutation are for testing, the others for training.
/// `test_fraction` is clamped to `[0, 1]`.
///
/// ```
/// let split = bgad_data::split::train_test_split(100, 0.25, 42);
/// assert_eq!((split.train.len(), split.test.len()), (75, 25));
/// ```
pub fn train_test_split(count: usize, test_fraction: f64, random_state: u32) -> Split {
    let mut test = permutation(count, random_state);
    let test_count = (count as f64 * test_fraction.clamp(0.0, 1.0)).ceil() as usize;
    let train = test.split_off(test_count.min(count));
    Split { train, test }
}

/// `numpy.random.RandomState(seed).permutation(count)`.
fn permutation(count: usize, seed: u32) -> Vec<usize> {
    let mut generator = Mt::new(seed);
    let mut items: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        items.swap(last, interval(&mut generator, last));
    }
    items
}

/// A uniform draw from `0..=max`: masks the draw with the smallest run of ones that covers `max`, and rejects
/// values above it.
fn interval(generator: &mut Mt, max: usize) -> usize {
    let mask = usize::MAX >> max.leading_zeros();
    loop {
        // numpy uses 64-bit draws only for maxima over 32 bits, which no list of files reaches.
        let value = generator.next_u32() as usize & mask;
        if value <= max {
            return value;
        }
    }
}
