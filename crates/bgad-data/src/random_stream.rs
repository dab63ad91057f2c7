//! Random streams that depend only on their purpose. All random numbers of data and training come from one of
//! these.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The purpose of a stream: equal seeds give different numbers for different purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A pasted sample, by epoch and index.
    Sample,
    /// The choice of abnormal training images.
    Selection,
    /// A part of the synthetic set, by its number.
    SyntheticPart,
    /// The defect of such a part.
    SyntheticDefect,
    /// The noise of such a part's photo.
    SyntheticNoise,
    /// Folds of a cross-validation.
    Folds,
    /// A flow's initial parameters, by its number.
    Flow,
    /// The order of images, by sub-epoch.
    Images,
    /// The order of positions, by sub-epoch.
    Positions,
    /// Batches of pooled flows, by fold and sub-epoch.
    Pooled,
    /// Positions for the memory bank, by input.
    Bank,
    /// Contexts of normal positions, by input.
    Contexts,
    /// Rows of the memory bank that cover all positions, by fold; after the folds, some drawn evenly.
    Coverage,
    /// Directions in which positions' Gaussians are measured.
    Directions,
}

/// How a stream is derived from its key. There are two ways, because trained models and published splits
/// depend on the numbers of both.
enum Derivation {
    /// The key is the generator's own key, so different keys never share a stream.
    Key(u64),
    /// The generator of the seed, at a separate stream. It has room for one index of 56 bits.
    Stream(u64),
}

impl Purpose {
    fn derivation(self) -> Derivation {
        match self {
            Self::Sample => Derivation::Key(1),
            Self::Selection => Derivation::Key(2),
            Self::SyntheticPart => Derivation::Key(3),
            Self::SyntheticDefect => Derivation::Key(4),
            Self::SyntheticNoise => Derivation::Key(5),
            Self::Folds => Derivation::Key(6),
            Self::Flow => Derivation::Stream(1),
            Self::Images => Derivation::Stream(2),
            Self::Positions => Derivation::Stream(3),
            Self::Pooled => Derivation::Stream(4),
            Self::Bank => Derivation::Stream(5),
            Self::Contexts => Derivation::Stream(6),
            Self::Coverage => Derivation::Stream(7),
            Self::Directions => Derivation::Stream(8),
        }
    }

    /// The stream for this purpose, seed and index.
    pub fn stream(self, seed: u64, index: u64) -> ChaCha8Rng {
        self.stream_of(seed, [index, 0])
    }

    /// A seed derived from `seed` for this purpose and index.
    pub fn seed(self, seed: u64, index: u64) -> u64 {
        self.stream(seed, index).next_u64()
    }

    fn stream_of(self, seed: u64, [a, b]: [u64; 2]) -> ChaCha8Rng {
        match self.derivation() {
            Derivation::Key(number) => {
                let mut key = [0; 32];
                for (part, value) in key.chunks_exact_mut(8).zip([number, seed, a, b]) {
                    part.copy_from_slice(&value.to_le_bytes());
                }
                ChaCha8Rng::from_seed(key)
            }
            Derivation::Stream(number) => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                rng.set_stream(number << 56 | a);
                rng
            }
        }
    }
}

/// The random stream of one training sample, which depends only on `(seed, epoch, index)`.
///
/// So samples can be made in any order and on any number of threads, and stay the same.
///
/// ```
/// use rand::Rng;
/// assert_eq!(bgad_data::sample_rng(1, 2, 3).next_u64(), bgad_data::sample_rng(1, 2, 3).next_u64());
/// assert_ne!(bgad_data::sample_rng(1, 2, 3).next_u64(), bgad_data::sample_rng(1, 3, 2).next_u64());
/// ```
pub fn sample_rng(seed: u64, epoch: u64, index: u64) -> ChaCha8Rng {
    Purpose::Sample.stream_of(seed, [epoch, index])
}
