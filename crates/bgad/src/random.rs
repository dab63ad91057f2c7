//! Seeds for everything random, derived from the run's one seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for; streams are independent of each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Flow = 1,
    Images = 2,
    Positions = 3,
    Pooled = 4,
    Bank = 5,
}

/// The generator for `purpose`, told apart by `index`.
pub(crate) fn generator(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((purpose as u64) << 56 | index);
    rng
}

/// A seed for `purpose`, told apart by `index`.
pub(crate) fn seed(seed: u64, purpose: Purpose, index: u64) -> u64 {
    generator(seed, purpose, index).next_u64()
}
