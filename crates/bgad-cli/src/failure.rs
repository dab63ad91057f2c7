//! Why a command failed.

use std::path::{Path, PathBuf};

/// The file that every run starts with.
pub const DESCRIPTION: &str = "run.json";

/// A failure with one readable message.
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
    #[error("{}: {}", .path.display(), in_words(.source))]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: not a valid configuration: {source}", .path.display())]
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
        "--normal, --abnormal, --mask-dir and --mask-suffix are for the layouts folder and mvtec; the layout is {0}"
    )]
    FolderNames(bgad::Layout),
    #[error("--fold {fold} of --folds {folds}: expected a fold from 1 to {folds}")]
    Fold { fold: usize, folds: usize },
    #[error("{}, line {line}: not a valid result: {source}; correct or remove the line", .path.display())]
    Results {
        path: PathBuf,
        line: usize,
        source: serde_json::Error,
    },
    #[error(
        "{}: no such model file; `bgad train DATA --out DIR` writes one to DIR/model.bgad",
        .0.display()
    )]
    NoModel(PathBuf),
    #[error(
        "{}: a folder, but a model is one file; {}", .0.display(),
        match .0.join("model.bgad").is_file() {
            true => "give its model.bgad",
            false => "`bgad train DATA --out DIR` writes one to DIR/model.bgad",
        }
    )]
    ModelFolder(PathBuf),
    #[error(
        "{}: no run was started here ({file} is missing); give the --out folder of a `bgad train`{}",
        .folder.display(), .other
    )]
    NoRun {
        folder: PathBuf,
        file: &'static str,
        other: &'static str,
    },
    #[error("{0}")]
    Missing(String),
    #[error("writing to standard output: {0}")]
    Output(std::io::Error),
    #[error("training was stopped; `bgad train --resume {}` continues it", .0.display())]
    Stopped(PathBuf),
    #[error("learning was stopped, and nothing was written; run the same command to start again")]
    StoppedLearning,
    #[error(
        "{}: this run has finished with the model {}; start another with `bgad train --out`",
        .folder.display(), .model.display()
    )]
    Finished { folder: PathBuf, model: PathBuf },
    #[error("{failed} of {all} images could not be scored; see the messages above")]
    Images { failed: usize, all: usize },
}

/// A system's error, with what to do about a wrong path.
fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder; check the path".to_owned(),
        _ => error.to_string(),
    }
}

impl Failure {
    /// A folder in which no run was started.
    pub fn no_run(folder: &Path) -> Self {
        Self::NoRun {
            folder: folder.to_owned(),
            file: DESCRIPTION,
            other: "",
        }
    }

    /// A file that could not be read or written.
    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File {
            path: path.to_owned(),
            source,
        }
    }

    /// Whether the reader of standard output went away, like `head` when it has enough. Every command has
    /// only output left to do at that point.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// The program's exit status.
    pub fn exit_status(&self) -> u8 {
        match self {
            // What a shell reports for an interrupted program.
            Self::Stopped(_) | Self::StoppedLearning => 130,
            _ => 1,
        }
    }
}
