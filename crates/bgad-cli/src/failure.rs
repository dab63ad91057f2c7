//! Why a command ended without success.

use std::path::{Path, PathBuf};

/// A failure with its one readable message.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Bgad(#[from] bgad::Error),
    #[error(transparent)]
    Data(#[from] bgad::DataError),
    #[error(transparent)]
    Weights(#[from] bgad::weights::WeightsError),
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] bgad_hub::HubError),
    #[cfg(feature = "review")]
    #[error(transparent)]
    Review(#[from] bgad_review::ReviewError),
    #[error("{}: {source}", .path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: not a sound configuration: {source}", .path.display())]
    Config {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{}: {source}", .path.display())]
    Setting {
        path: PathBuf,
        source: Box<bgad::Error>,
    },
    #[error("writing an image to {}: {source}", .path.display())]
    Picture {
        path: PathBuf,
        source: Box<dyn std::error::Error>,
    },
    #[error(
        "--normal, --abnormal, --mask-dir and --mask-suffix are for --layout folder; the layout is {0}"
    )]
    FolderNames(bgad::Layout),
    #[error("--fold {fold} of --folds {folds}: expected a fold from 1 to {folds}")]
    Fold { fold: usize, folds: usize },
    #[error("{}, line {line}: not a result: {source}; mend or remove the line", .path.display())]
    Results {
        path: PathBuf,
        line: usize,
        source: serde_json::Error,
    },
    #[error("{0}")]
    Missing(String),
    #[error("writing to standard output: {0}")]
    Output(std::io::Error),
    #[error("training was stopped; `bgad train --resume {}` goes on from here", .0.display())]
    Stopped(PathBuf),
    #[error(
        "{}: this run ended, its model is {}; `bgad train` with `--out` begins another",
        .folder.display(), .model.display()
    )]
    Finished { folder: PathBuf, model: PathBuf },
    #[error("{failed} of {all} images could not be predicted; the messages above name them")]
    Images { failed: usize, all: usize },
}

impl Failure {
    /// A file that could not be read or written.
    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }

    /// Whether standard output's reader went away, as `head` does when it has enough. No command has
    /// anything left to do then but to write to it.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// The program's exit status.
    pub fn exit_status(&self) -> u8 {
        match self {
            // As a shell tells of a program that was interrupted.
            Self::Stopped(_) => 130,
            _ => 1,
        }
    }
}
