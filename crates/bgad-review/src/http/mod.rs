//! The page's addresses.

mod answers;
mod app;
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

pub(crate) use app::App;
use app::{LONGEST_MASK, LONGEST_REQUEST};
pub(crate) use guard::Guard;

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
        .route(
            "/api/lessons/{lesson}/flipped/{index}/thumbnail",
            get(pictures::thumbnail_of_flipped),
        )
        .route("/api/lesson", post(lessons::start).delete(lessons::stop))
        .route("/api/export/model", get(exports::model))
        .route("/api/export/scores.csv", get(exports::scores))
        .route("/api/export/report", get(exports::report))
        .layer(DefaultBodyLimit::max(LONGEST_REQUEST))
        .layer(middleware::from_fn_with_state(
            Arc::new(app.guard.clone()),
            guard::check,
        ))
        .with_state(app)
}
