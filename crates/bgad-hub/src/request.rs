//! Requests to the hub and to the servers that it redirects to.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body};

use crate::address::{Origin, target, tls};
use crate::error::HubError;
use crate::progress::FetchProgress;
use bgad::weights::{is_hexadecimal, is_sha256};

/// Redirects allowed in a row, for example to a repository's new name or to the server of large files.
const REDIRECTS: usize = 5;
/// Largest file accepted; published weights are much smaller.
const LARGEST: u64 = 1 << 30;

pub(crate) struct Client {
    agent: Agent,
    endpoint: String,
    origin: Origin,
    token: Option<String>,
    pub timeout: Duration,
}

/// What the hub announces about a file.
pub(crate) struct Stated {
    pub commit: String,
    pub sha256: String,
    pub size: u64,
}

/// An answer with a body.
pub(crate) struct Answer {
    pub status: u16,
    /// The first byte of the range, if the answer is a range.
    pub starts_at: Option<u64>,
    pub body: Box<dyn Read>,
}

/// A failure, and whether another attempt may help.
pub(crate) struct Failed {
    pub error: HubError,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Another attempt would give the same answer.
    Final,
    /// The server can't be reached.
    Unreachable,
    /// The connection broke, or the server is busy.
    Passing,
}

impl Failed {
    pub fn last(error: HubError) -> Self {
        let kind = Kind::Final;
        Self { error, kind }
    }

    pub fn passing(address: &str, reason: String) -> Self {
        Self::connection(address, reason, Kind::Passing)
    }

    fn connection(address: &str, reason: String, kind: Kind) -> Self {
        let error = HubError::Connection {
            address: address.to_owned(),
            reason,
            received: 0,
        };
        Self { error, kind }
    }

    /// The error, including how many bytes the next attempt will keep.
    pub fn keeping(self, bytes: u64) -> HubError {
        match self.error {
            HubError::Connection {
                address, reason, ..
            } => HubError::Connection {
                address,
                reason,
                received: bytes,
            },
            other => other,
        }
    }
}

impl Client {
    pub fn new(endpoint: &str, token: Option<&str>, timeout: Duration) -> Result<Self, HubError> {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let wrong = || HubError::Endpoint {
            found: endpoint.clone(),
        };
        let uri: Uri = endpoint.parse().map_err(|_| wrong())?;
        let origin = Origin::of(&uri).filter(|_| uri.query().is_none());
        let origin = origin.ok_or_else(wrong)?;
        let mut config = Agent::config_builder()
            .user_agent(concat!("bgad/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed by hand, because not every server may see the token.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .timeout_resolve(Some(timeout))
            .timeout_connect(Some(timeout))
            .timeout_recv_response(Some(timeout))
            .timeout_per_read(Some(timeout))
            .timeout_per_write(Some(timeout))
            .tls_config(tls()?);
        if origin.is_this_machine() {
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().new_agent(),
            endpoint,
            origin,
            token: token.map(str::to_owned),
            timeout,
        })
    }

    /// The address of a file on the hub.
    pub fn address(&self, repository: &str, revision: &str, file: &str) -> String {
        format!("{}/{repository}/resolve/{revision}/{file}", self.endpoint)
    }

    /// Asks the hub about the file at `address`.
    pub fn stated(
        &self,
        address: &str,
        attempts: u32,
        progress: &mut dyn FnMut(FetchProgress),
    ) -> Result<Stated, HubError> {
        let mut failures = 0;
        loop {
            let failed = match self.ask(true, address, 0) {
                Ok(response) => return stated(address, &response),
                Err(failed) => failed,
            };
            failures += 1;
            if failed.kind != Kind::Passing || failures >= attempts {
                return Err(failed.error);
            }
            progress(FetchProgress::Again {
                reason: failed.error.to_string(),
            });
            std::thread::sleep(self.pause(failures));
        }
    }

    /// Requests the file at `address` from a byte onward.
    pub fn get(&self, address: &str, from: u64) -> Result<Answer, Failed> {
        let response = self.ask(false, address, from)?;
        let starts_at = header(response.headers(), "content-range").and_then(|range| {
            let (start, _) = range.strip_prefix("bytes ")?.split_once('-')?;
            start.trim().parse().ok()
        });
        Ok(Answer {
            status: response.status().as_u16(),
            starts_at,
            body: Box::new(response.into_body().into_reader()),
        })
    }

    /// Sends a request and follows redirects.
    fn ask(&self, head: bool, address: &str, from: u64) -> Result<Response<Body>, Failed> {
        let unsound = |reason: &str| {
            Failed::last(HubError::Answer {
                address: address.to_owned(),
                reason: reason.to_owned(),
            })
        };
        let mut at: Uri = address.parse().map_err(|_| unsound("no address"))?;
        for _ in 0..=REDIRECTS {
            let mut request = match head {
                true => self.agent.head(&at),
                false => self.agent.get(&at),
            };
            let origin = Origin::of(&at).ok_or_else(|| unsound("a redirect to no web server"))?;
            if let Some(token) = self.token.as_ref().filter(|_| origin == self.origin) {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            if from > 0 {
                request = request.header("range", format!("bytes={from}-"));
            }
            let response = request.call().map_err(|e| self.failed(address, e))?;
            let headers = response.headers();
            match response.status().as_u16() {
                200 | 206 => return Ok(response),
                // This answer describes the file; its location is requested later.
                301..=308 if head && headers.contains_key("x-linked-etag") => return Ok(response),
                301 | 302 | 303 | 307 | 308 => {
                    let location = header(headers, "location");
                    let next = location.and_then(|location| target(&at, location));
                    let next = next.ok_or_else(|| unsound("a redirect to nowhere"))?;
                    if at.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
                        return Err(unsound("a redirect from https to http"));
                    }
                    at = next;
                }
                status => return Err(refused(address, status, headers)),
            }
        }
        Err(unsound("too many redirects"))
    }

    /// The failure of a body that broke off.
    pub fn broken(&self, address: &str, error: std::io::Error) -> Failed {
        self.failed(address, ureq::Error::from(error))
    }

    fn failed(&self, address: &str, error: ureq::Error) -> Failed {
        let (reason, kind) = match error {
            ureq::Error::Timeout(_) => {
                let seconds = self.timeout.as_secs_f64();
                let reason = format!("nothing was received for {seconds} seconds");
                (reason, Kind::Passing)
            }
            ureq::Error::HostNotFound => ("the host does not exist".to_owned(), Kind::Unreachable),
            ureq::Error::Io(error) => {
                let (what, kind) = match error.kind() {
                    ErrorKind::UnexpectedEof
                    | ErrorKind::ConnectionReset
                    | ErrorKind::ConnectionAborted
                    | ErrorKind::BrokenPipe => ("the connection broke", Kind::Passing),
                    _ => ("there is no connection", Kind::Unreachable),
                };
                (format!("{what} ({error})"), kind)
            }
            ureq::Error::Protocol(error) => {
                let reason = format!("the server's answer is no HTTP ({error})");
                (reason, Kind::Passing)
            }
            other => (other.to_string(), Kind::Unreachable),
        };
        Failed::connection(address, reason, kind)
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads the hub's announcement of a file.
fn stated(address: &str, response: &Response<Body>) -> Result<Stated, HubError> {
    let headers = response.headers();
    let unsound = |reason: String| HubError::Answer {
        address: address.to_owned(),
        reason,
    };
    let redirect = response.status().is_redirection();
    let own = |name| header(headers, name).filter(|_| !redirect);
    let etag = header(headers, "x-linked-etag").or_else(|| own("etag"));
    let sha256 = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"'));
    let sha256 = sha256.filter(|etag| is_sha256(etag));
    let sha256 = sha256.ok_or_else(|| unsound("it states no SHA-256 of the file".to_owned()))?;
    let commit = header(headers, "x-repo-commit").filter(|c| c.len() == 40 && is_hexadecimal(c));
    let commit = commit.ok_or_else(|| unsound("it announces no commit".to_owned()))?;
    let size = header(headers, "x-linked-size").or_else(|| own("content-length"));
    let size: Option<u64> = size.and_then(|size| size.parse().ok());
    match size {
        Some(size @ 1..=LARGEST) => Ok(Stated {
            commit: commit.to_owned(),
            sha256: sha256.to_owned(),
            size,
        }),
        Some(size) => Err(unsound(format!(
            "it announces {size} bytes, too large for weights"
        ))),
        None => Err(unsound("it announces no file size".to_owned())),
    }
}

/// The failure of an answer with an error status.
fn refused(address: &str, status: u16, headers: &HeaderMap) -> Failed {
    let reason = header(headers, "x-error-message");
    let error = HubError::Status {
        address: address.to_owned(),
        status,
        reason: reason.map_or_else(String::new, |reason| format!(": {reason}")),
    };
    let kind = match status {
        408 | 429 | 500.. => Kind::Passing,
        _ => Kind::Final,
    };
    Failed { error, kind }
}
