//! The running lesson, and the outcome of the last one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::engine::Progress;
use crate::store::Store;

/// The file that exists while a lesson runs.
pub(crate) const RUNNING: &str = "learning.json";

/// The running lesson, and the outcome of the last one.
#[derive(Debug, Default)]
pub(crate) struct Lessons {
    pub(crate) running: Option<Running>,
    /// Why the last one gave no model.
    pub(crate) failure: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) progress: Progress,
    pub(crate) started: Instant,
    pub(crate) stop: Arc<AtomicBool>,
    /// `None` until it has started.
    pub(crate) thread: Option<JoinHandle<()>>,
}

/// What the page shows of a running lesson.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RunningView {
    progress: f64,
    doing: String,
    seconds: f64,
    stopping: bool,
}

/// Written before a lesson starts.
#[derive(Serialize, Deserialize)]
pub(crate) struct Begun {
    #[serde(with = "bgad_data::path_text")]
    pub(crate) out: PathBuf,
}

impl Lessons {
    /// No running lesson; reports one that was interrupted.
    pub(crate) fn found(folder: &Path, store: &Store) -> Self {
        let path = folder.join(RUNNING);
        let begun = std::fs::read(&path).ok();
        let begun = begun.and_then(|bytes| serde_json::from_slice::<Begun>(&bytes).ok());
        let _ = bgad_files::remove(&path);
        let failure = begun.and_then(|begun| {
            let known = store.lessons().iter().any(|l| l.learned.run == begun.out);
            let is_whole = begun.out.join("model.bgad").is_file();
            match (known, is_whole) {
                (true, _) => None,
                (false, true) => Some(format!(
                    "bgad review ended while a model was being taught, but the taught run is complete: \
                     open {}",
                    begun.out.display()
                )),
                (false, false) => Some(
                    "teaching was interrupted because bgad review ended; no decision is lost, and you can \
                     start it again"
                        .to_owned(),
                ),
            }
        });
        Self {
            running: None,
            failure,
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub(crate) fn view(&self) -> Option<RunningView> {
        self.running.as_ref().map(|running| RunningView {
            progress: running.progress.progress,
            doing: running.progress.doing.clone(),
            seconds: running.started.elapsed().as_secs_f64(),
            stopping: running.stop.load(Ordering::Relaxed),
        })
    }

    /// Asks the lesson to stop.
    pub(crate) fn stop(&self) {
        if let Some(running) = &self.running {
            running.stop.store(true, Ordering::Relaxed);
        }
    }

    /// The lesson's thread, for waiting until it ends.
    pub(crate) fn thread(&mut self) -> Option<JoinHandle<()>> {
        self.running.as_mut()?.thread.take()
    }
}
