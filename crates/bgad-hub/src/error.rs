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
    #[error("{}: SSL_CERT_FILE names this file, but it contains no PEM certificates", .path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
    },
    /// The hub could not be reached, or the connection broke too often.
    #[error(
        "{address}: {reason}{}; try again, or download the file elsewhere and give it with `--weights`",
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
        "{address}: the file received has the SHA-256 {found}, but the hub announced {expected}; nothing \
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
        bytes => format!("; {bytes} bytes are kept; the next attempt continues after them"),
    }
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; it needs a token in HF_TOKEN, or the repository does not exist",
        404 => "; the file does not exist there",
        _ => "",
    }
}
