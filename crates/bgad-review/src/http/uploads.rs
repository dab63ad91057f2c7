//! Images that are dropped on the page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::StatusCode;
use bgad::path_to_text;

use super::App;
use super::answers::{Answer, aside, json, sentence};
use crate::error::ReviewError;
use crate::project::{MOST_IMAGES, group};
use crate::{store, view};

/// Stores an image and gives its row. One that is damaged is taken as well: its tile says so.
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    // Before the body comes: those that wait are not in memory.
    let _turn = app.large.acquire().await.ok();
    let Ok(bytes) = Bytes::from_request(request, &()).await else {
        let limit = app.limits.upload_bytes >> 20;
        let text = format!(
            "{name}: larger than {limit} MiB, or it came in part; `bgad review --upload-limit` takes \
             larger ones"
        );
        return Ok(sentence(StatusCode::PAYLOAD_TOO_LARGE, &text));
    };
    let project = Arc::clone(&app.project);
    let row = aside(move || {
        let mut state = project.state();
        if state.entries.len() >= MOST_IMAGES {
            return Err(ReviewError::Busy(format!(
                "there are {MOST_IMAGES} images on this wall; no more are taken"
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
