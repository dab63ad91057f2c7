//! Learning from decisions, while the page stays usable.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bgad::path_to_text;
use serde::Deserialize;

use crate::engine::{Engine, Learned, Lesson, Picture, Progress};
use crate::error::{Result, ReviewError};
use crate::lessons::{Begun, RUNNING, Running};
use crate::project::{Project, State};
use crate::run;
use crate::store::{TaughtLesson, Verdict, point_to};

/// The images of a lesson, by their ids.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    pub(crate) missed: Vec<String>,
    #[serde(default)]
    pub(crate) false_alarms: Vec<String>,
}

/// Why the open model can't learn; `None` if it can.
pub(crate) fn obstacle(state: &State) -> Option<String> {
    state
        .engine
        .model()
        .run
        .is_none()
        .then(|| run::NO_RUN.to_owned())
}

/// Starts a lesson from decided images.
pub(crate) fn start(project: &Arc<Project>, chosen: &Chosen) -> Result<()> {
    let mut state = project.state();
    if state.lessons.is_running() {
        return Err(ReviewError::Busy(
            "a model is already being taught; wait, or stop it".to_owned(),
        ));
    }
    let first = match (obstacle(&state), &state.place.first_run) {
        (None, Some(first)) => first.clone(),
        (why, _) => {
            let text = why.unwrap_or_else(|| run::NO_RUN.to_owned());
            return Err(ReviewError::Unsupported(text));
        }
    };
    let (lesson, images) = lesson(&state, chosen, free_folder(&first))?;
    let path = state.store.folder().join(RUNNING);
    let begun = Begun {
        out: lesson.out.clone(),
    };
    let begun = serde_json::to_vec(&begun);
    let begun = begun.map_err(|error| ReviewError::io(&path)(error.into()))?;
    bgad_files::write_whole(&path, &begun).map_err(ReviewError::io(&path))?;
    let stop = Arc::new(AtomicBool::new(false));
    state.lessons.failure = None;
    state.lessons.running = Some(Running {
        progress: Progress {
            progress: 0.0,
            doing: "starting".to_owned(),
        },
        started: Instant::now(),
        stop: Arc::clone(&stop),
        thread: None,
    });
    state.version += 1;
    let engine = Arc::clone(&state.engine);
    project.tell();
    let project = Arc::clone(project);
    let thread = std::thread::spawn(move || {
        let mut progress = |step: Progress| {
            let mut state = project.state();
            state.version += 1;
            if let Some(running) = &mut state.lessons.running {
                running.progress = step;
            }
            drop(state);
            project.changed.notify_waiters();
        };
        let learned = engine.learn(&lesson, &mut progress, &stop);
        let taught = learned.and_then(|learned| {
            point_to(&learned.run, &first)?;
            // Before taking the lock, because reading a model takes a while.
            let taught = project.engines.open(&learned.run)?;
            Ok((learned, taught))
        });
        let mut state = project.state();
        state.lessons.running = None;
        state.version += 1;
        if let Err(error) = taught.and_then(|done| end(&mut state, &*engine, images, done)) {
            state.lessons.failure = Some(error.to_string());
        }
        // If the server is ending, its next start reports that this lesson was interrupted.
        if !state.ending {
            let _ = bgad_files::remove(&state.store.folder().join(RUNNING));
        }
        drop(state);
        project.tell();
    });
    // The thread can't have ended yet, because it needs the state, which is locked here.
    if let Some(running) = &mut state.lessons.running {
        running.thread = Some(thread);
    }
    Ok(())
}

/// Records what was learned and switches to the new model.
fn end(
    state: &mut State,
    earlier: &dyn Engine,
    images: Vec<String>,
    (learned, taught): (Learned, Arc<dyn Engine>),
) -> Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    state.store.add_lesson(TaughtLesson {
        from: earlier.model().name.clone(),
        images,
        unix_seconds: since.map_or(0, |time| time.as_secs()),
        learned,
    })?;
    state.take_engine(taught)
}

/// What the program is given, and the images as the table of decisions names them.
fn lesson(state: &State, chosen: &Chosen, out: PathBuf) -> Result<(Lesson, Vec<String>)> {
    let mut sources = Vec::new();
    let mut image = |id: &String, expected: Verdict| -> Result<PathBuf> {
        let entry = state.entry(id)?;
        let decision = state.store.decision(id);
        let decision = decision.filter(|row| row.verdict == expected);
        let decision = decision.ok_or_else(|| {
            ReviewError::Request(format!(
                "{}: its decision has changed; look at the list again",
                entry.name
            ))
        })?;
        sources.push(entry.source.clone());
        Ok(match &entry.picture {
            Picture::File(path) if path.is_file() => path.clone(),
            Picture::Sample(sample) if sample.region.is_none() && sample.path.is_file() => {
                sample.path.clone()
            }
            Picture::File(_) | Picture::Sample(_) => state.store.folder().join(&decision.image),
        })
    };
    let missed = chosen.missed.iter().map(|id| {
        let path = image(id, Verdict::Defect)?;
        Ok((path, state.store.mask(id)))
    });
    let missed = missed.collect::<Result<Vec<_>>>()?;
    let false_alarms = chosen.false_alarms.iter();
    let false_alarms = false_alarms.map(|id| image(id, Verdict::Good));
    let false_alarms = false_alarms.collect::<Result<Vec<_>>>()?;
    if missed.is_empty() && false_alarms.is_empty() {
        return Err(ReviewError::Request(
            "nothing to learn from: mark a missed defect or a false alarm first".to_owned(),
        ));
    }
    Ok((
        Lesson {
            out,
            missed,
            false_alarms,
        },
        sources,
    ))
}

/// A folder beside the first run that does not exist yet.
fn free_folder(first: &Path) -> PathBuf {
    let name = path_to_text(Path::new(first.file_name().unwrap_or_default()));
    let mut numbers = 1_u32..;
    let folder = |number: u32| first.with_file_name(format!("{name}-taught-{number}"));
    let free = numbers.find(|number| !folder(*number).exists());
    folder(free.unwrap_or(u32::MAX))
}
