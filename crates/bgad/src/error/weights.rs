//! What can go wrong with published weights.

use std::path::{Path, PathBuf};

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
    /// The hub's address is none.
    #[cfg(feature = "hub")]
    #[error(
        "HF_ENDPOINT is `{found}`, expected an address such as https://huggingface.co, without \
         password"
    )]
    Endpoint {
        /// What was found.
        found: String,
    },
    /// The certificates of the file that a variable names can't be used.
    #[cfg(feature = "hub")]
    #[error("{}: no certificates in PEM form, which SSL_CERT_FILE says are there", .path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
    },
    /// The hub could not be reached, or the connection broke too often.
    #[cfg(feature = "hub")]
    #[error(
        "{address}: {reason}{}; try again, or fetch the file elsewhere and name it with `--weights`",
        kept(*.received)
    )]
    Connection {
        /// What was asked for.
        address: String,
        /// What happened.
        reason: String,
        /// Bytes that are there for the next attempt.
        received: u64,
    },
    /// The hub answered with an error.
    #[cfg(feature = "hub")]
    #[error("{address}: the hub answered {status}{reason}{}", hint(*.status))]
    Status {
        /// What was asked for.
        address: String,
        /// The status.
        status: u16,
        /// What the hub says, after a colon, where it says anything.
        reason: String,
    },
    /// The hub's answer can't be relied on.
    #[cfg(feature = "hub")]
    #[error("{address}: {reason}; is HF_ENDPOINT a Hugging Face hub?")]
    Answer {
        /// What was asked for.
        address: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// What was received is not what the hub had stated.
    #[cfg(feature = "hub")]
    #[error(
        "{address}: what was received has the SHA-256 {found}, the hub stated {expected}; nothing of it \
         was kept, try again later"
    )]
    WrongBytes {
        /// What was asked for.
        address: String,
        /// The SHA-256 of what was received.
        found: String,
        /// The one that the hub stated.
        expected: String,
    },
}

impl WeightsError {
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

#[cfg(feature = "hub")]
fn kept(received: u64) -> String {
    match received {
        0 => String::new(),
        bytes => format!("; {bytes} bytes are kept, the next attempt goes on after them"),
    }
}

#[cfg(feature = "hub")]
fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; it wants a token in HF_TOKEN, or has no such repository",
        404 => "; it has no such file",
        _ => "",
    }
}
