//! Folders and models of this machine, which only its own users may open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use bgad::{path_from_text, path_to_text};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answers::{Answer, aside, body, json};
use super::app::App;
use crate::error::{Result, ReviewError};

#[derive(Deserialize)]
struct Named {
    path: String,
}

/// Opens a model or a run.
pub(super) async fn open(State(app): State<Arc<App>>, sent: Bytes) -> Answer {
    let opened = aside(move || {
        app.project.reopen(&named(&app, &sent)?)?;
        json(&json!({}))
    });
    opened.await
}

/// Shows the images of a folder, including those that arrive later.
pub(super) async fn watch(State(app): State<Arc<App>>, sent: Bytes) -> Answer {
    let watched = aside(move || {
        app.project.watch(&named(&app, &sent)?)?;
        json(&json!({}))
    });
    watched.await
}

#[derive(Serialize)]
struct Listing {
    path: String,
    parent: Option<String>,
    places: Vec<Place>,
    /// Number of images directly in the folder.
    images: usize,
}

#[derive(Serialize)]
struct Place {
    name: String,
    path: String,
    kind: Kind,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Run,
    Model,
    Folder,
}

/// The contents of a folder; an empty path means the folder where the program was started.
pub(super) async fn browse(State(app): State<Arc<App>>, sent: Bytes) -> Answer {
    let listing = aside(move || json(&list(&named(&app, &sent)?)?));
    listing.await
}

fn named(app: &App, sent: &[u8]) -> Result<PathBuf> {
    if !app.limits.may_open {
        let text = "folders of this machine can't be opened over the network; name them when you start \
                    `bgad review`";
        return Err(ReviewError::Unsupported(text.to_owned()));
    }
    let Named { path } = body(sent)?;
    let path = match path.trim() {
        "" => PathBuf::from("."),
        path => path_from_text(path),
    };
    std::path::absolute(&path).map_err(ReviewError::io(&path))
}

fn list(folder: &Path) -> Result<Listing> {
    let mut places = Vec::new();
    let mut images = 0;
    for entry in std::fs::read_dir(folder).map_err(ReviewError::io(folder))? {
        let path = entry.map_err(ReviewError::io(folder))?.path();
        let name = path_to_text(Path::new(path.file_name().unwrap_or_default()));
        if name.starts_with('.') {
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        let kind = match (path.is_dir(), ending.map(str::to_lowercase).as_deref()) {
            (true, _) if path.join("run.json").is_file() => Kind::Run,
            (true, _) => Kind::Folder,
            (false, Some("bgad")) => Kind::Model,
            (false, Some("png" | "jpg" | "jpeg" | "bmp" | "tif" | "tiff" | "webp")) => {
                images += 1;
                continue;
            }
            (false, _) => continue,
        };
        places.push(Place {
            name,
            path: path_to_text(&path),
            kind,
        });
    }
    places.sort_by(|a, b| (&a.kind, &a.name).cmp(&(&b.kind, &b.name)));
    Ok(Listing {
        path: path_to_text(folder),
        parent: folder.parent().map(path_to_text),
        places,
        images,
    })
}
