//! The page's addresses.

mod answers;
mod assets;
mod browse;
mod decisions;
mod exports;
mod guard;
mod lessons;
mod models;
mod pictures;
mod state;
mod uploads;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post, put};

pub(crate) use guard::Guard;

use crate::project::Project;
use crate::view::Limits;

/// Requests other than uploads and masks are no longer than this.
const LONGEST_REQUEST: usize = 4 << 20;
/// A painted mask, which is compressed; its text is a third longer.
const LONGEST_MASK: usize = 48 << 20;

/// What answers requests.
pub(crate) struct App {
    pub(crate) project: Arc<Project>,
    pub(crate) guard: Guard,
    pub(crate) limits: Limits,
    /// This server's own name: versions of another one mean nothing to it.
    pub(crate) instance: String,
    /// Large bodies are in memory while they come: so many at a time.
    pub(crate) large: tokio::sync::Semaphore,
}

/// All addresses, behind the guard.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(assets::page))
        .route("/{file}", get(assets::file))
        .route("/api/changes/{instance}/{since}", get(state::changes))
        .route("/api/images/{id}", get(state::detail))
        .route("/api/images/{id}/thumbnail", get(pictures::thumbnail))
        .route("/api/images/{id}/heat", get(pictures::heat))
        .route("/api/images/{id}/picture", get(pictures::picture))
        .route("/api/images/{id}/map", get(pictures::map))
        .route("/api/images/{id}/mask", get(pictures::mask))
        .route(
            "/api/images/{id}/decision",
            put(decisions::decide).layer(DefaultBodyLimit::max(LONGEST_MASK)),
        )
        .route("/api/uploads/{name}", post(uploads::upload))
        .route("/api/threshold", put(models::set_threshold))
        .route("/api/model", post(models::choose))
        .route("/api/open", post(browse::open))
        .route("/api/watch", post(browse::watch))
        .route("/api/browse", post(browse::browse))
        .route("/api/lesson", post(lessons::start).delete(lessons::stop))
        .route("/api/export/model", get(exports::model))
        .route("/api/export/scores.csv", get(exports::scores))
        .route("/api/export/report", get(exports::report))
        .layer(DefaultBodyLimit::max(LONGEST_REQUEST))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            guard::check,
        ))
        .with_state(app)
}
