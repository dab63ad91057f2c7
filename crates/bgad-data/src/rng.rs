//! Random streams that depend on nothing but their key.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for, so that equal seeds do not give equal draws to different purposes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Sample = 1,
    Selection = 2,
    SyntheticPart = 3,
    SyntheticDefect = 4,
    SyntheticNoise = 5,
    Folds = 6,
}

/// The random stream of one training sample: a pure function of `(seed, epoch, index)`.
///
/// Samples can thus be made in any order, on any number of threads, and stay the same.
///
/// ```
/// use rand::Rng;
/// assert_eq!(bgad_data::sample_rng(1, 2, 3).next_u64(), bgad_data::sample_rng(1, 2, 3).next_u64());
/// assert_ne!(bgad_data::sample_rng(1, 2, 3).next_u64(), bgad_data::sample_rng(1, 3, 2).next_u64());
/// ```
pub fn sample_rng(seed: u64, epoch: u64, index: u64) -> ChaCha8Rng {
    stream(Purpose::Sample, seed, epoch, index)
}

/// The key is the ChaCha key itself: different arguments never share a stream.
pub(crate) fn stream(purpose: Purpose, seed: u64, a: u64, b: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (part, value) in key.chunks_exact_mut(8).zip([purpose as u64, seed, a, b]) {
        part.copy_from_slice(&value.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}
