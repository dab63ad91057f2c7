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

/// A client of the Hugging Face hub, or of a server with the same interface.
#[derive(Clone)]
pub struct Hub {
    endpoint: String,
    token: Option<String>,
    timeout: Duration,
    attempts: u32,
}

impl Hub {
    /// A client of the hub at an address such as `https://huggingface.co`.
    pub fn at(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            token: None,
            timeout: TIMEOUT,
            attempts: ATTEMPTS,
        }
    }

    /// A client configured by the environment: the address in `HF_ENDPOINT` (default
    /// `https://huggingface.co`), the token in `HF_TOKEN` and the timeout in seconds in
    /// `HF_HUB_DOWNLOAD_TIMEOUT`.
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

    /// Sets the token. Only the hub receives it, not the servers that the hub redirects to.
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets how long a connection may stay silent; the default is 10 seconds.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many attempts in a row may fail without receiving a byte; the default is 5.
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Fetches weights into the cache if they are missing, and returns the file's path.
    ///
    /// The hub announces the file's SHA-256 and size, and the file received must match both. A broken
    /// transfer leaves its part as `blobs/SHA256.incomplete`, and the next one continues after it. Several
    /// processes may ask for the same file at once: one fetches it, the others wait.
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
                // The commit's own address, whose file never changes.
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
