//! What can go wrong with published weights.

#[cfg(feature = "train")]
use std::path::Path;
use std::path::PathBuf;

use bgad_backbone::Architecture;

/// Why weights can't be had; each message names the weights or the file and what to do.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// There are no such published weights.
    #[error("no published weights `{name}`; there are {}", known())]
    UnknownName {
        /// The name that was asked for.
        name: String,
    },
    /// The weights want images normalised in another way than the backbone does it.
    #[error(
        "weights `{name}` were trained on images normalised with mean and deviation 0.5, which \
         backbones here don't do; take `{instead}`"
    )]
    OtherNormalization {
        /// The name that was asked for.
        name: String,
        /// The architecture's usual weights.
        instead: String,
    },
    /// The weights are not on this machine.
    #[error(
        "weights `{name}` are not in the cache {}: run `bgad weights fetch {name}` with a network, or \
         put {address} at {}, or name a file with `--weights`; the backbone `filter-bank` needs none",
        .cache.display(), .place.display()
    )]
    NotCached {
        /// The weights' name.
        name: String,
        /// The cache's folder.
        cache: PathBuf,
        /// Where the file is published.
        address: String,
        /// Where it is looked for.
        place: PathBuf,
    },
    /// It is not known where the cache is.
    #[error(
        "there is no home folder for the cache of weights; set HF_HUB_CACHE to a folder, or name a \
         file with `--weights`"
    )]
    NoHome,
    /// A file has not the SHA-256 that it should have.
    #[error(
        "{}: damaged: its SHA-256 is {found}, expected {expected}; take it away and fetch it again",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The SHA-256 of its content.
        found: String,
        /// The one that was stated.
        expected: String,
    },
    /// The file's weights are not those of a backbone known here.
    #[error("{}: these weights fit no backbone; there are {}", .path.display(), known())]
    FitsNothing {
        /// The file.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl WeightsError {
    #[cfg(feature = "train")]
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

fn known() -> String {
    let names = Architecture::ALL.iter().flat_map(|architecture| {
        let tags = architecture.pretrained_tags().iter();
        tags.map(move |tag| format!("{}.{tag}", architecture.name()))
    });
    names.collect::<Vec<_>>().join(", ")
}
