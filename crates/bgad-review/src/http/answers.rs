//! Answers: JSON, files, and messages about errors.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Result, ReviewError};

/// An answer, or its error.
pub(super) type Answer = std::result::Result<Response, ReviewError>;

impl IntoResponse for ReviewError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Stale | Self::StaleThreshold => StatusCode::CONFLICT,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Busy(_) | Self::InUse(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unsupported(_) => StatusCode::NOT_IMPLEMENTED,
            // The requested file can't be used; the server itself is all right.
            Self::Bgad(_) | Self::Data(_) | Self::Table { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Io { .. } | Self::Learning(_) | Self::Address { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        sentence(status, &self.to_string())
    }
}

/// An error answer with its reason.
pub(super) fn sentence(status: StatusCode, text: &str) -> Response {
    let body = serde_json::json!({ "error": text }).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// A value as JSON, which is not cached.
pub(super) fn json(value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| {
        ReviewError::Unsupported(format!("the answer can't be written: {error}"))
    })?;
    Ok(bytes(body, "application/json", Keep::No))
}

/// Whether a browser may cache an answer.
#[derive(Clone, Copy)]
pub(super) enum Keep {
    /// It must ask again each time.
    No,
    /// It may; the address changes with the content.
    Always,
}

/// A file.
pub(super) fn bytes(body: Vec<u8>, kind: &'static str, keep: Keep) -> Response {
    let control = match keep {
        Keep::No => "no-store",
        Keep::Always => "private, max-age=31536000, immutable",
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static(control)),
    ];
    (headers, body).into_response()
}

/// Parses a request's body.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| ReviewError::Request(format!("not what the page sends: {error}")))
}

/// Runs work that computes or waits for a disk outside the threads that answer.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        let text = "the program failed on this; please report it";
        Err(ReviewError::Unsupported(text.to_owned()))
    })
}
