//! Fetching published weights from the Hugging Face hub.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bgad::weights::{PublishedWeights, WeightsCache};

use crate::error::HubError;
use crate::progress::FetchProgress;
use crate::request::Client;
use crate::transfer::Transfer;
use crate::{lock, store};

const ENDPOINT: &str = "https://huggingface.co";
const TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 5;

/// The Hugging Face hub, or a server that answers like it.
#[derive(Clone)]
pub struct Hub {
    endpoint: String,
    token: Option<String>,
    timeout: Duration,
    attempts: u32,
}

impl Hub {
    /// A hub at an address such as `https://huggingface.co`.
    pub fn at(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            token: None,
            timeout: TIMEOUT,
            attempts: ATTEMPTS,
        }
    }

    /// The hub at `$HF_ENDPOINT`, else `https://huggingface.co`, with the token of `$HF_TOKEN` and
    /// the timeout of `$HF_HUB_DOWNLOAD_TIMEOUT` in seconds, where these are set.
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut hub = Self::at(variable("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()));
        hub.token = variable("HF_TOKEN");
        let seconds = variable("HF_HUB_DOWNLOAD_TIMEOUT").and_then(|value| value.parse().ok());
        if let Some(seconds @ 1..) = seconds {
            hub.timeout = Duration::from_secs(seconds);
        }
        hub
    }

    /// With a token, which the hub alone gets, and no server that it names.
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// With another time that may pass without a byte; 10 seconds otherwise.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With another number of attempts in a row that bring nothing; 5 otherwise.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Fetches weights into the cache, unless they are there, and gives their file's path.
    ///
    /// The hub states the file's SHA-256 and size beforehand; what comes must have these. What is
    /// there of a transfer that broke is kept as `blobs/SHA256.incomplete`, and the next one goes on
    /// after it. Several processes may fetch the same file at once: one does, the others wait.
    ///
    /// # Errors
    /// [`HubError`] names the address or the file.
    pub fn fetch(
        &self,
        weights: PublishedWeights,
        cache: &WeightsCache,
        mut progress: impl FnMut(FetchProgress),
    ) -> Result<PathBuf, HubError> {
        let client = Client::new(&self.endpoint, self.token.as_deref(), self.timeout)?;
        let address = client.address(
            &weights.repository(),
            WeightsCache::BRANCH,
            WeightsCache::FILE,
        );
        let stated = client.stated(&address, self.attempts, &mut progress)?;

        let folder = cache.repository(weights);
        let blobs = folder.join("blobs");
        let snapshot = folder.join("snapshots").join(&stated.commit);
        let lock = store::lock_file(cache, weights, &stated.sha256);
        store::make_folders(&[&blobs, &snapshot], &lock)?;
        let held = lock::hold(&lock, &mut progress)?;

        let blob = blobs.join(&stated.sha256);
        if !blob.is_file() || store::sha256(&blob)? != stated.sha256 {
            let transfer = Transfer {
                client: &client,
                // The commit's own address: its file never changes.
                address: client.address(&weights.repository(), &stated.commit, WeightsCache::FILE),
                part: blobs.join(format!("{}.incomplete", stated.sha256)),
                stated: &stated,
                attempts: self.attempts,
            };
            transfer.run(&mut progress)?;
            store::rename(&transfer.part, &blob)?;
        }
        let file = snapshot.join(WeightsCache::FILE);
        store::link(&blob, &stated.sha256, &file)?;
        store::write(&folder.join("refs"), WeightsCache::BRANCH, &stated.commit)?;
        drop(held);
        Ok(file)
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A token belongs in no log.
        f.debug_struct("Hub")
            .field("endpoint", &self.endpoint)
            .field("token", &self.token.as_ref().map(|_| "..."))
            .field("timeout", &self.timeout)
            .field("attempts", &self.attempts)
            .finish()
    }
}
