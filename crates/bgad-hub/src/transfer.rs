//! The transfer of one file, which resumes after a broken attempt.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::error::HubError;
use crate::progress::FetchProgress;
use crate::request::{Client, Failed, Kind, Stated};
use crate::store;

pub(crate) struct Transfer<'a> {
    pub client: &'a Client,
    /// The address to request.
    pub address: String,
    /// The partial file.
    pub part: PathBuf,
    pub stated: &'a Stated,
    /// Attempts in a row that may fail without receiving a byte.
    pub attempts: u32,
}

/// Whether the bytes came from one transfer or several.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pieces {
    One,
    /// An earlier transfer, possibly by another program, left the first bytes.
    Several,
}

impl Transfer<'_> {
    /// Fetches the whole file to `part` and checks the SHA-256 announced.
    pub fn run(&self, progress: &mut dyn FnMut(FetchProgress)) -> Result<(), HubError> {
        let mut pieces = match self.received()? {
            0 => Pieces::One,
            _ => Pieces::Several,
        };
        let mut failures = 0;
        loop {
            let before = self.received()?;
            if before > self.stated.size {
                self.discard()?;
                continue;
            }
            if before == self.stated.size {
                let found = store::sha256(&self.part)?;
                if found == self.stated.sha256 {
                    return Ok(());
                }
                self.discard()?;
                if pieces == Pieces::Several {
                    // Try once more in one piece: the first bytes may have been another file's.
                    pieces = Pieces::One;
                    progress(FetchProgress::Again {
                        reason: "the part left by an earlier transfer is damaged".to_owned(),
                    });
                    continue;
                }
                return Err(HubError::WrongBytes {
                    address: self.address.clone(),
                    found,
                    expected: self.stated.sha256.clone(),
                });
            }
            let Err(failed) = self.pull(before, progress) else {
                continue;
            };
            let received = self.received()?;
            failures = match received > before {
                true => 1,
                false => failures + 1,
            };
            if failed.kind == Kind::Final || failures >= self.attempts {
                return Err(failed.keeping(received));
            }
            progress(FetchProgress::Again {
                reason: failed.error.to_string(),
            });
            std::thread::sleep(self.client.pause(failures));
        }
    }

    /// Appends the body of one answer.
    fn pull(&self, from: u64, progress: &mut dyn FnMut(FetchProgress)) -> Result<(), Failed> {
        let io = |error| Failed::last(HubError::io(&self.part)(error));
        let answer = self.client.get(&self.address, from)?;
        let total = self.stated.size;
        let from = match answer.status {
            206 if answer.starts_at == Some(from) => from,
            206 => {
                let found = answer
                    .starts_at
                    .map_or("unknown".to_owned(), |n| n.to_string());
                let reason = format!("asked for bytes from {from}, got bytes from {found}");
                return Err(Failed::last(self.answer(reason)));
            }
            // The server does not support ranges.
            _ => 0,
        };
        let mut options = File::options();
        let options = options.create(true).truncate(false).write(true);
        let mut file = options.open(&self.part).map_err(io)?;
        file.set_len(from).map_err(io)?;
        file.seek(SeekFrom::Start(from)).map_err(io)?;
        let mut body = answer.body;
        let mut bytes = from;
        let mut buffer = vec![0; 1 << 16];
        progress(FetchProgress::Received { bytes, total });
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.client.broken(&self.address, error)),
            };
            bytes += count as u64;
            if bytes > total {
                drop(file);
                self.discard().map_err(Failed::last)?;
                let reason = format!("it sends more than the {total} bytes that it announced");
                return Err(Failed::last(self.answer(reason)));
            }
            file.write_all(&buffer[..count]).map_err(io)?;
            progress(FetchProgress::Received { bytes, total });
        }
        file.sync_all().map_err(io)?;
        match bytes == total {
            true => Ok(()),
            false => {
                let reason = format!("the connection ended after {bytes} of {total} bytes");
                Err(Failed::passing(&self.address, reason))
            }
        }
    }

    fn answer(&self, reason: String) -> HubError {
        HubError::Answer {
            address: self.address.clone(),
            reason,
        }
    }

    /// Bytes already in the partial file.
    fn received(&self) -> Result<u64, HubError> {
        match std::fs::metadata(&self.part) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(HubError::io(&self.part)(error)),
        }
    }

    fn discard(&self) -> Result<(), HubError> {
        std::fs::remove_file(&self.part).map_err(HubError::io(&self.part))
    }
}

impl Client {
    /// How long to wait before another attempt; doubles from a tenth of the timeout.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let first = self.timeout / 10;
        first.saturating_mul(1 << failures.min(4).saturating_sub(1))
    }
}
