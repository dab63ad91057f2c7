//! Leaves out images that are copies of others.

use std::collections::HashSet;

use bgad_data::Sample;
use rayon::prelude::*;

use crate::storage::file_digest::FileDigests;

/// Leaves out samples with the content and region of an earlier one, with a warning. Unreadable images stay and
/// are reported when they are read. Calls `done` for each sample left out.
///
/// A copy says nothing about how new images differ. If it stayed, a held-out image could be compared with its own
/// copy, and the threshold would promise too low a rate.
pub(super) fn leave_out(
    samples: Vec<Sample>,
    digests: &FileDigests,
    warnings: &mut Vec<String>,
    done: impl Fn(),
) -> Vec<Sample> {
    let all = samples.len();
    let of_files: Vec<Option<[u8; 32]>> = samples
        .par_iter()
        .map(|sample| {
            // Empty files have the same content, but are not images.
            let length = std::fs::metadata(&sample.path).ok()?.len();
            digests.of(&sample.path).ok().filter(|_| length > 0)
        })
        .collect();
    let mut seen = HashSet::new();
    let kept = samples.into_iter().zip(of_files);
    let kept = kept.filter(|(sample, digest)| {
        digest.is_none_or(|digest| seen.insert((digest, sample.region)))
    });
    let kept: Vec<Sample> = kept.map(|(sample, _)| sample).collect();
    (kept.len()..all).for_each(|_| done());
    if kept.len() < all {
        warnings.push(format!(
            "{} of {all} normal training images are copies of others and left out",
            all - kept.len()
        ));
    }
    kept
}
