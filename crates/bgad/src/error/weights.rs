//! Errors in published weights.

#[cfg(feature = "train")]
use std::path::Path;
use std::path::PathBuf;

use bgad_backbone::Architecture;

/// Why weights are not available; each message names the weights or the file, and what to do.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// No published weights have this name.
    #[error("there are no published weights `{name}`; choose one of {}", known())]
    UnknownName {
        /// The name that was requested.
        name: String,
    },
    /// The weights expect images normalised differently from what the backbone does.
    #[error(
        "weights `{name}` were trained on images normalised with mean and deviation 0.5, which \
         this program's backbones don't do; use `{instead}`"
    )]
    OtherNormalization {
        /// The name that was requested.
        name: String,
        /// The usual weights of the architecture.
        instead: String,
    },
    /// The weights are not on this machine.
    #[error(
        "weights `{name}` are not in the cache {}: run `bgad weights fetch {name}` with a network, or \
         save {address} as {}, or give a file with `--weights`; the backbone `filter-bank` needs none",
        .cache.display(), .place.display()
    )]
    NotCached {
        /// The name of the weights.
        name: String,
        /// The cache folder.
        cache: PathBuf,
        /// Where the file is published.
        address: String,
        /// Where the file is expected.
        place: PathBuf,
    },
    /// The location of the cache is unknown.
    #[error(
        "there is no home folder for the weights cache; set HF_HUB_CACHE to a folder, or give a \
         file with `--weights`"
    )]
    NoHome,
    /// A file does not have the expected SHA-256.
    #[error(
        "{}: damaged: its SHA-256 is {found}, expected {expected}; remove it and fetch it again",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The SHA-256 of its content.
        found: String,
        /// The expected SHA-256.
        expected: String,
    },
    /// The file's weights match no known backbone.
    #[error("{}: these weights match none of the backbones {}", .path.display(), known())]
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
