//! Pictures of an image. They read and compute, so they run outside the threads that answer.

use std::sync::Arc;

use axum::extract::{Path, State};

use super::answers::{Answer, Keep, aside, bytes};
use super::app::App;
use crate::encoding;
use crate::engine::Picture;
use crate::error::{Result, ReviewError};

/// The thumbnail for a tile; made now if the image is not scored yet.
pub(super) async fn thumbnail(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let bytes = aside(move || {
        let state = app.project.state();
        let entry = state.entry(&id)?;
        let path = state.kept.thumbnail(entry);
        let (engine, picture) = (Arc::clone(&state.engine), entry.picture.clone());
        drop(state);
        if let Ok(bytes) = std::fs::read(&path) {
            return Ok(bytes);
        }
        let bytes = encoding::thumbnail(&engine.read(&picture)?)?;
        bgad_files::write_replaceable(&path, &bytes).map_err(ReviewError::io(&path))?;
        Ok(bytes)
    });
    Ok(self::bytes(bytes.await?, "image/jpeg", Keep::Always))
}

/// The thumbnail of an image that a lesson's model decides differently. It may be the run's own image, which is not on
/// the wall; the page names it by its place in the lesson, so that no other file can be asked for.
pub(super) async fn thumbnail_of_flipped(
    State(app): State<Arc<App>>,
    Path((lesson, index)): Path<(usize, usize)>,
) -> Answer {
    let bytes = aside(move || {
        let state = app.project.state();
        let lesson = state.store.lessons().get(lesson);
        let flipped = lesson.and_then(|lesson| lesson.learned.flipped.get(index));
        let flipped = flipped
            .ok_or_else(|| ReviewError::Missing("no lesson has such an image".to_owned()))?;
        let picture = Picture::File(flipped.image.clone());
        let engine = Arc::clone(&state.engine);
        drop(state);
        encoding::thumbnail(&engine.read(&picture)?)
    });
    Ok(self::bytes(bytes.await?, "image/jpeg", Keep::No))
}

/// The heat map for a tile, in colours.
pub(super) async fn heat(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let heat = aside(move || encoding::heat(&levels(&app, &id)?));
    Ok(bytes(heat.await?, "image/png", Keep::Always))
}

/// The heat map in grey levels, at its own size.
pub(super) async fn map(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let levels = aside(move || levels(&app, &id));
    Ok(bytes(levels.await?, "image/png", Keep::Always))
}

fn levels(app: &App, id: &str) -> Result<Vec<u8>> {
    let path = app.project.state().kept.map(id);
    std::fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            ReviewError::Missing("there is no heat map of this image".to_owned())
        }
        _ => ReviewError::io(&path)(error),
    })
}

/// The image at its own size.
pub(super) async fn picture(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let picture = aside(move || {
        let state = app.project.state();
        let picture = state.entry(&id)?.picture.clone();
        let engine = Arc::clone(&state.engine);
        drop(state);
        encoding::picture(&engine.read(&picture)?)
    });
    let picture = picture.await?;
    Ok(bytes(picture.bytes, picture.kind, Keep::Always))
}

/// The painted mask.
pub(super) async fn mask(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let mask = aside(move || {
        let path = app.project.state().store.mask(&id);
        let path =
            path.ok_or_else(|| ReviewError::Missing("this image has no painted mask".to_owned()))?;
        std::fs::read(&path).map_err(ReviewError::io(&path))
    });
    Ok(bytes(mask.await?, "image/png", Keep::No))
}
