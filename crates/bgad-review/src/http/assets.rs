//! The page itself, as built from `page/`.

use axum::extract::Path;
use axum::response::Response;

use super::answers::{Answer, Keep, bytes};
use crate::error::ReviewError;

/// A file's name, content type and bytes.
type Asset = (&'static str, &'static str, &'static [u8]);

const PAGE: &[u8] = include_bytes!("../../page/dist/index.html");

const FILES: [Asset; 3] = [
    (
        "page.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../page/dist/page.js"),
    ),
    (
        "page.css",
        "text/css; charset=utf-8",
        include_bytes!("../../page/dist/page.css"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("../../page/dist/icon.svg"),
    ),
];

pub(super) async fn page() -> Response {
    bytes(PAGE.to_vec(), "text/html; charset=utf-8", Keep::No)
}

pub(super) async fn file(Path(name): Path<String>) -> Answer {
    let known = FILES.iter().find(|(known, ..)| *known == name);
    let (_, kind, content) =
        known.ok_or_else(|| ReviewError::Missing(format!("there is no {name} here")))?;
    Ok(bytes(content.to_vec(), kind, Keep::No))
}
