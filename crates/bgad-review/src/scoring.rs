//! The thread that scores images, and the one that looks for new ones.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::entry::{Entry, Outcome, Stamp};
use crate::error::ReviewError;
use crate::kept::{Kept, Places};
use crate::project::{MOST_IMAGES, Project, State, group};

/// The least time between two looks at the folders. They are polled, because network file systems don't
/// report changes.
const INTERVAL: Duration = Duration::from_secs(1);

/// Scores waiting images until the project ends.
pub(crate) fn score(project: &Project) {
    while let Some(batch) = next(project) {
        let found = batch.scored();
        let mut state = project.state();
        if state.generation != batch.generation {
            continue;
        }
        for (entry, outcome) in batch.entries.iter().zip(&found) {
            state.set_outcome(&entry.id, entry.stamp, outcome.clone());
        }
        let scored = batch.entries.iter().zip(&found);
        let scored = scored.filter_map(|(entry, outcome)| match outcome {
            Outcome::Scored(scored) => Some((entry, scored)),
            Outcome::Waiting | Outcome::Damaged(_) => None,
        });
        state.kept.note(scored);
        drop(state);
        project.changed.notify_waiters();
    }
}

/// Images that are scored together, each on its own thread.
struct Batch {
    engine: Arc<dyn Engine>,
    generation: u64,
    entries: Vec<Entry>,
    places: Vec<Places>,
}

/// The next images; `None` when the project ends. Waits if there are none.
fn next(project: &Project) -> Option<Batch> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut state = project.state();
    loop {
        if state.ending {
            return None;
        }
        let waiting = state.entries.iter();
        let waiting = waiting.filter(|entry| matches!(entry.outcome, Outcome::Waiting));
        let entries: Vec<Entry> = waiting.take(threads).cloned().collect();
        if !entries.is_empty() {
            return Some(Batch {
                engine: Arc::clone(&state.engine),
                generation: state.generation,
                places: entries.iter().map(|e| state.kept.places(e)).collect(),
                entries,
            });
        }
        state = project
            .work
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

impl Batch {
    fn scored(&self) -> Vec<Outcome> {
        std::thread::scope(|scope| {
            let images = self.entries.iter().zip(&self.places);
            let threads: Vec<_> = images
                .map(|(entry, places)| scope.spawn(|| self.one(entry, places)))
                .collect();
            let outcomes = threads.into_iter().map(|thread| {
                let died = "the program failed on this image; please report it";
                thread
                    .join()
                    .unwrap_or_else(|_| Outcome::Damaged(died.to_owned()))
            });
            outcomes.collect()
        })
    }

    fn one(&self, entry: &Entry, places: &Places) -> Outcome {
        let scored = self.engine.read(&entry.picture).and_then(|image| {
            let finding = self.engine.predict(&image)?;
            if !finding.score.is_finite() {
                let text = format!("the model gives it no score: {}", finding.score);
                return Err(ReviewError::Unsupported(text));
            }
            Kept::write(places, &image, &finding)
        });
        match scored {
            Ok(scored) => Outcome::Scored(scored),
            Err(error) => Outcome::Damaged(error.to_string()),
        }
    }
}

/// Looks for new images in the folders until the project ends. A file is added once it is unchanged between
/// two looks, so that no half-written image is read.
pub(crate) fn watch(project: &Project) {
    let mut seen: HashMap<PathBuf, Stamp> = HashMap::new();
    let mut took = Duration::ZERO;
    loop {
        // Looking through a large or remote folder takes long, so pause longer after it.
        let pause = INTERVAL.max(took * 10);
        let wake = Instant::now() + pause;
        while Instant::now() < wake {
            if project.state().ending {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let start = Instant::now();
        let folders = project.state().folders.clone();
        let mut now = HashMap::new();
        let mut settled = Vec::new();
        for folder in &folders {
            let found = bgad_data::images_of_folder(folder).unwrap_or_default();
            for path in found.images {
                let Some(stamp) = Stamp::of(&path) else {
                    continue;
                };
                if seen.get(&path) == Some(&stamp) {
                    settled.push((group(folder, &path), path.clone()));
                }
                now.insert(path, stamp);
            }
        }
        seen = now;
        add(project, settled);
        took = start.elapsed();
    }
}

fn add(project: &Project, settled: Vec<(String, PathBuf)>) {
    let mut state = project.state();
    let before = state.version;
    for (group, path) in settled {
        if state.entries.len() < MOST_IMAGES {
            state.add_file(&path, group);
        }
    }
    let is_changed = state.version != before;
    drop(state);
    if is_changed {
        project.tell();
    }
}

/// Number of images that wait for their scores.
pub(crate) fn waiting(state: &State) -> usize {
    let waiting = state.entries.iter();
    waiting
        .filter(|entry| matches!(entry.outcome, Outcome::Waiting))
        .count()
}
