//! Runs independent pieces of work, and lends them scratch memory.

use std::cell::RefCell;

use rayon::prelude::*;

/// Scratch memory that a piece of work should use at most, in floats: 256 KiB, which fit in a core's L2 cache
/// beside the weights.
pub(crate) const SCRATCH: usize = 1 << 16;

/// How threads share work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Several images at once, each on one thread.
    Images,
    /// One image on all threads.
    Pieces,
}

impl Sharing {
    /// Runs `work` on each piece.
    pub fn run<T: Send>(self, pieces: impl Iterator<Item = T>, work: impl Fn(T) + Send + Sync) {
        match self {
            Self::Images => pieces.for_each(work),
            Self::Pieces => {
                let pieces: Vec<T> = pieces.collect();
                pieces.into_par_iter().with_max_len(1).for_each(work);
            }
        }
    }
}

thread_local! {
    static MEMORY: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Like [`with_scratch`], but lends bytes, from separate memory.
pub(crate) fn with_bytes<R>(length: usize, work: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut memory = BYTES.take();
    if memory.len() < length {
        memory.resize(length, 0);
    }
    let result = work(&mut memory[..length]);
    BYTES.set(memory);
    result
}

/// Lends `work` this thread's scratch memory: `length` values, with whatever was in it. Don't nest calls, and
/// don't wait for other threads in `work`.
pub(crate) fn with_scratch<R>(length: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut memory = MEMORY.take();
    if memory.len() < length {
        memory.resize(length, 0.0);
    }
    let result = work(&mut memory[..length]);
    MEMORY.set(memory);
    result
}
