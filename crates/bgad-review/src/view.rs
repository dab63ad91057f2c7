//! What the page is sent, as JSON.

use std::path::Path;

use bgad::path_to_text;
use serde::Serialize;

use crate::engine::{FoundRegion, ModelInfo};
use crate::entry::{Entry, Outcome};
use crate::lesson;
use crate::lessons::RunningView;
use crate::project::{Project, State};
use crate::scoring;
use crate::store::{TaughtLesson, Verdict};

/// Everything that has changed since a version.
#[derive(Serialize)]
pub(crate) struct Changes {
    /// Differs after a restart, when versions start again.
    pub(crate) instance: String,
    pub(crate) version: u64,
    /// Whether `images` are all images rather than only changed ones.
    pub(crate) complete: bool,
    pub(crate) images: Vec<ImageView>,
    pub(crate) state: StateView,
}

/// An image as the page sees it.
#[derive(Serialize)]
pub(crate) struct ImageView {
    id: String,
    name: String,
    group: String,
    /// Changes with the file; part of the URLs of its pictures.
    stamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<KnownView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionView>,
    /// 0 without a decision.
    revision: u64,
    /// How many lessons included it.
    taught: usize,
}

#[derive(Serialize)]
struct KnownView {
    verdict: Verdict,
    kind: String,
}

#[derive(Serialize)]
pub(crate) struct DecisionView {
    verdict: Verdict,
    kind: String,
    mask: bool,
}

/// Details of one image.
#[derive(Serialize)]
pub(crate) struct DetailView {
    width: u32,
    height: u32,
    p_value: f64,
    has_map: bool,
    regions: Vec<FoundRegion>,
    path: String,
}

/// The rest of the page.
#[derive(Serialize)]
pub(crate) struct StateView {
    model: ModelInfo,
    /// The model's file.
    file: String,
    generation: u64,
    /// The threshold in use; `None` if there is none yet.
    threshold: Option<f32>,
    models: Vec<ModelView>,
    folders: Vec<String>,
    store: String,
    waiting: usize,
    /// Why the model can't learn.
    obstacle: Option<String>,
    learning: Option<RunningView>,
    failure: Option<String>,
    lessons: Vec<LessonView>,
    limits: Limits,
}

/// What this server allows.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Limits {
    pub(crate) upload_bytes: usize,
    /// Whether the page may open folders of this machine.
    pub(crate) may_open: bool,
}

#[derive(Serialize)]
struct ModelView {
    path: String,
    name: String,
    current: bool,
}

#[derive(Serialize)]
struct LessonView {
    #[serde(flatten)]
    lesson: TaughtLesson,
    /// The ids of the taught images and of the flipped ones, in order; `None` for those not on the wall.
    taught_ids: Vec<Option<String>>,
    flipped_ids: Vec<Option<String>>,
}

/// What has changed since version `since` of this instance; everything if `since` is 0 or the list was
/// replaced.
pub(crate) fn changes(project: &Project, instance: &str, since: u64, limits: Limits) -> Changes {
    let state = project.state();
    let complete = since < state.list_version || since > state.version;
    let images = state.entries.iter();
    let images = images.filter(|entry| complete || entry.version > since);
    Changes {
        instance: instance.to_owned(),
        version: state.version,
        complete,
        images: images.map(|entry| image(&state, entry)).collect(),
        state: StateView::new(&state, limits),
    }
}

/// An image's row.
pub(crate) fn image(state: &State, entry: &Entry) -> ImageView {
    let decision = state.store.decision(&entry.id);
    let known = entry.known.as_ref().map(|known| KnownView {
        verdict: match known.abnormal {
            true => Verdict::Defect,
            false => Verdict::Good,
        },
        kind: known.kind.clone(),
    });
    let lessons = state.store.lessons().iter();
    ImageView {
        id: entry.id.clone(),
        name: entry.name.clone(),
        group: entry.group.clone(),
        stamp: format!("{:x}{:x}", entry.stamp.modified, entry.stamp.length),
        known,
        score: entry.scored().map(|scored| scored.score),
        error: match &entry.outcome {
            Outcome::Damaged(text) => Some(text.clone()),
            Outcome::Waiting | Outcome::Scored(_) => None,
        },
        revision: decision.map_or(0, |row| row.revision),
        decision: decision.map(|row| DecisionView {
            verdict: row.verdict,
            kind: row.kind.clone(),
            mask: row.mask.is_some(),
        }),
        taught: lessons
            .filter(|lesson| lesson.images.contains(&entry.source))
            .count(),
    }
}

/// Details of an image.
pub(crate) fn detail(entry: &Entry) -> Option<DetailView> {
    let scored = entry.scored()?;
    Some(DetailView {
        width: scored.size.0,
        height: scored.size.1,
        p_value: scored.p_value,
        has_map: scored.has_map,
        regions: scored.regions.clone(),
        path: entry.source.clone(),
    })
}

impl StateView {
    fn new(state: &State, limits: Limits) -> Self {
        let model = state.engine.model();
        Self {
            generation: state.generation,
            threshold: state.threshold.or(model.threshold),
            models: models(state),
            folders: state.folders.iter().map(|f| path_to_text(f)).collect(),
            store: path_to_text(state.store.folder()),
            waiting: scoring::waiting(state),
            obstacle: lesson::obstacle(state),
            learning: state.lessons.view(),
            failure: state.lessons.failure.clone(),
            lessons: state
                .store
                .lessons()
                .iter()
                .map(|lesson| LessonView::new(state, lesson))
                .collect(),
            file: path_to_text(&model.file),
            model: model.clone(),
            limits,
        }
    }
}

impl LessonView {
    fn new(state: &State, lesson: &TaughtLesson) -> Self {
        let id = |path: &Path| {
            let entry = state.entry_of_source(&path_to_text(path))?;
            Some(entry.id.clone())
        };
        let learned = &lesson.learned;
        Self {
            taught_ids: learned.taught.iter().map(|t| id(&t.image)).collect(),
            flipped_ids: learned.flipped.iter().map(|f| id(&f.image)).collect(),
            lesson: lesson.clone(),
        }
    }
}

/// The first run and those that were taught, if they still exist.
fn models(state: &State) -> Vec<ModelView> {
    let current = state.engine.model().run.as_deref();
    let taught = state
        .store
        .lessons()
        .iter()
        .map(|l| l.learned.run.as_path());
    let all = state
        .place
        .first_run
        .iter()
        .map(|run| run.as_path())
        .chain(taught);
    let there = all.filter(|run| run.join("model.bgad").is_file());
    there
        .map(|run| ModelView {
            path: path_to_text(run),
            name: path_to_text(Path::new(run.file_name().unwrap_or_default())),
            current: current == Some(run),
        })
        .collect()
}
