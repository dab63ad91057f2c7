//! Progress of `bgad learn` as lines of JSON, for a program that shows it.

use std::sync::{Mutex, PoisonError};

use bgad::Progress;
use serde_json::json;

use crate::output;

/// The progress between two lines.
const STEP: f64 = 0.01;
/// The progress at the end of each part. Scoring all images, between training and comparing, reports no
/// progress.
const FEATURES: f64 = 0.2;
const TRAINED: f64 = 0.7;
const COMPARED: f64 = 0.95;

/// Writes `{"progress": 0.42, "doing": "training"}` to standard output.
#[derive(Default)]
pub struct JsonProgress {
    /// The last line.
    last: Mutex<Option<(f64, &'static str)>>,
}

impl JsonProgress {
    /// Receives one event of a run.
    pub fn tell(&self, progress: &Progress) {
        let part = |start: f64, end: f64, done: usize, total: usize| {
            start + (end - start) * done as f64 / total.max(1) as f64
        };
        let (now, doing) = match *progress {
            Progress::Features { done, total } => (part(0.0, FEATURES, done, total), "features"),
            Progress::Batch { done, total, .. } if done < total => {
                (part(FEATURES, TRAINED, done, total), "training")
            }
            Progress::Batch { .. } => (TRAINED, "scoring"),
            Progress::Scored { done, total } => (part(TRAINED, COMPARED, done, total), "comparing"),
            Progress::Writing => (COMPARED, "writing"),
            _ => return,
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, was)) = *last
            && (now < before || (doing == was && now - before < STEP))
        {
            return;
        }
        *last = Some((now, doing));
        let now = (now * 1000.0).round() / 1000.0;
        // If the reader is gone, writing the result fails.
        let _ = output::json(&json!({ "progress": now, "doing": doing }));
    }
}
