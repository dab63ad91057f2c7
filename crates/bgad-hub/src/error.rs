//! What can go wrong while weights are fetched.

use std::io;
use std::path::{Path, PathBuf};

/// Why weights could not be fetched; each message names the address or the file and what to do.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// `HF_ENDPOINT` is not a usable address.
    #[error(
        "HF_ENDPOINT is `{found}`, expected an address such as https://huggingface.co, without \
         password"
    )]
    Endpoint {
        /// What was found.
        found: String,
    },
    /// The certificates in the file that `SSL_CERT_FILE` names can't be used.
    #[error("{}: no certificates in PEM form, which SSL_CERT_FILE says are there", .path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
    },
    /// The hub could not be reached, or the connection broke too often.
    #[error(
        "{address}: {reason}{}; try again, or fetch the file elsewhere and name it with `--weights`",
        kept(*.received)
    )]
    Connection {
        /// The address that was requested.
        address: String,
        /// What happened.
        reason: String,
        /// Bytes already received, which the next attempt keeps.
        received: u64,
    },
    /// The hub answered with an error.
    #[error("{address}: the hub answered {status}{reason}{}", hint(*.status))]
    Status {
        /// The address that was requested.
        address: String,
        /// The status.
        status: u16,
        /// The hub's message after a colon, or nothing.
        reason: String,
    },
    /// The hub's answer can't be used.
    #[error("{address}: {reason}; is HF_ENDPOINT a Hugging Face hub?")]
    Answer {
        /// The address that was requested.
        address: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The file received is not the one that the hub announced.
    #[error(
        "{address}: what was received has the SHA-256 {found}, the hub stated {expected}; nothing of it \
         was kept, try again later"
    )]
    WrongBytes {
        /// The address that was requested.
        address: String,
        /// The SHA-256 of the file received.
        found: String,
        /// The SHA-256 that the hub announced.
        expected: String,
    },
    /// A file of the cache could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl HubError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

fn kept(received: u64) -> String {
    match received {
        0 => String::new(),
        bytes => format!("; {bytes} bytes are kept, the next attempt goes on after them"),
    }
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; it wants a token in HF_TOKEN, or has no such repository",
        404 => "; it has no such file",
        _ => "",
    }
}
