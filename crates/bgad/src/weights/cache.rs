//! The Hugging Face hub's cache on this machine.

use std::env;
use std::path::{Path, PathBuf};

use super::published::PublishedWeights;
use crate::error::WeightsError;

/// The file names searched; older versions of timm fetched the second.
const FILES: [&str; 2] = [WeightsCache::FILE, "pytorch_model.bin"];

/// The folder where Python's `huggingface_hub`, and so timm, stores what it fetches.
///
/// `models--timm--NAME` contains `blobs`, with files named by SHA-256; `snapshots/COMMIT`, with links to them
/// by name; and `refs/main`, with the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsCache {
    folder: PathBuf,
}

impl WeightsCache {
    /// The name of a weights file on the hub.
    pub const FILE: &str = "model.safetensors";
    /// The branch that contains it.
    pub const BRANCH: &str = "main";

    /// A cache in this folder, which need not exist.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The cache that Python uses: `$HF_HUB_CACHE`, else `$HF_HOME/hub`, else `~/.cache/huggingface/hub`
    /// (`$XDG_CACHE_HOME` replaces `~/.cache`).
    ///
    /// # Errors
    /// If none of these variables is set and there is no home folder.
    pub fn from_environment() -> Result<Self, WeightsError> {
        for name in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"] {
            if let Some(folder) = variable(name) {
                return Ok(Self::at(from_home(folder)));
            }
        }
        let home = match (variable("HF_HOME"), variable("XDG_CACHE_HOME")) {
            (Some(home), _) => from_home(home),
            (None, Some(cache)) => from_home(cache).join("huggingface"),
            (None, None) => {
                let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
                let home = home.ok_or(WeightsError::NoHome)?;
                home.join(".cache").join("huggingface")
            }
        };
        Ok(Self::at(home.join("hub")))
    }

    /// The path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The weights file, if it is in the cache.
    pub fn find(&self, weights: PublishedWeights) -> Option<PathBuf> {
        let snapshot = self.snapshot(weights);
        let mut files = FILES.iter().map(|name| snapshot.join(name));
        files.find(|path| path.is_file())
    }

    /// The weights file.
    ///
    /// # Errors
    /// [`WeightsError::NotCached`] says which file to put where.
    pub fn get(&self, weights: PublishedWeights) -> Result<PathBuf, WeightsError> {
        self.find(weights).ok_or_else(|| WeightsError::NotCached {
            name: weights.name(),
            cache: self.folder.clone(),
            address: format!(
                "https://huggingface.co/{}/resolve/{}/{}",
                weights.repository(),
                Self::BRANCH,
                Self::FILE
            ),
            place: self.place(weights),
        })
    }

    /// Where to put these weights by hand.
    pub fn place(&self, weights: PublishedWeights) -> PathBuf {
        self.snapshot(weights).join(Self::FILE)
    }

    /// The files of the branch's commit. If the cache does not record the commit, a folder with the branch's
    /// name is used, for files put there by hand.
    fn snapshot(&self, weights: PublishedWeights) -> PathBuf {
        let repository = self.repository(weights);
        let commit = std::fs::read_to_string(repository.join("refs").join(Self::BRANCH));
        let commit = commit.ok().map(|commit| commit.trim().to_owned());
        let commit = commit.filter(|commit| is_hexadecimal(commit));
        repository
            .join("snapshots")
            .join(commit.as_deref().unwrap_or(Self::BRANCH))
    }

    /// The folder of the weights' repository.
    pub fn repository(&self, weights: PublishedWeights) -> PathBuf {
        let name = weights.repository().replace('/', "--");
        self.folder.join(format!("models--{name}"))
    }
}

/// Whether `HF_HUB_OFFLINE` forbids using the network.
pub fn is_offline() -> bool {
    variable("HF_HUB_OFFLINE").is_some_and(|value| {
        let value = value.to_string_lossy().to_uppercase();
        ["1", "ON", "YES", "TRUE"].contains(&value.as_str())
    })
}

/// The value of a variable, unless empty.
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Expands a leading `~/` to the home folder, like Python.
fn from_home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

/// Whether a text is a hash, which makes it safe as a file name.
pub fn is_hexadecimal(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(digit)
}
