//! Images dropped on the page.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use bgad::path_to_text;

use super::answers::{Answer, aside, json, sentence};
use super::app::App;
use crate::error::{Result, ReviewError};
use crate::project::{MOST_IMAGES, group};
use crate::{store, view};

/// How many times the limit is read of an image that is too large. A browser sees the answer only after it
/// has sent everything.
const PATIENCE: usize = 16;

/// Stores an image and returns its row. A damaged image is stored too; its tile shows the error.
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    // Waits before the body is received, so that waiting uploads use no memory.
    let _turn = app.large.acquire().await.ok();
    let limit = app.limits.upload_bytes;
    let Some(bytes) = collect(request.into_body(), limit, &name).await? else {
        let text = format!(
            "{name}: larger than {} MiB; `bgad review --upload-limit` takes larger ones",
            limit >> 20
        );
        return Ok(sentence(StatusCode::PAYLOAD_TOO_LARGE, &text));
    };
    let project = Arc::clone(&app.project);
    let row = aside(move || {
        let mut state = project.state();
        if state.entries.len() >= MOST_IMAGES {
            return Err(ReviewError::Busy(format!(
                "this wall has {MOST_IMAGES} images already, the most it can show"
            )));
        }
        let path = state.store.upload(&name, &bytes)?;
        let group = group(&state.store.folder().join("uploads"), &path);
        state.add_file(&path, group);
        let id = store::id(&path_to_text(&path));
        let row = json(&view::image(&state, state.entry(&id)?));
        drop(state);
        project.tell();
        row
    });
    row.await
}

/// The whole body; `None` if it is larger than `limit`.
async fn collect(mut body: Body, limit: usize, name: &str) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| {
            ReviewError::Request(format!("{name}: only a part of it arrived: {error}"))
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length > limit.saturating_mul(PATIENCE) {
            break;
        }
        match length > limit {
            true => bytes = Vec::new(),
            false => bytes.extend_from_slice(&data),
        }
    }
    Ok((length <= limit).then_some(bytes))
}
