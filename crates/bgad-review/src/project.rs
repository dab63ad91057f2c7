//! Everything that the page shows: an open model, its images, the decisions and the lessons.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bgad::path_to_text;

use crate::engine::{Engine, Engines};
use crate::entry::{Entry, Outcome, Stamp};
use crate::error::{Result, ReviewError};
use crate::kept::Kept;
use crate::lessons::Lessons;
use crate::store::{Store, StorePlace};

/// The most images on a wall. A larger folder is refused rather than shown in part.
pub(crate) const MOST_IMAGES: usize = 200_000;

/// The project, and signals for those who wait for it.
pub(crate) struct Project {
    pub(crate) engines: Box<dyn Engines>,
    state: Mutex<State>,
    /// Wakes the thread that scores images.
    pub(crate) work: Condvar,
    /// Wakes pages that wait for changes.
    pub(crate) changed: tokio::sync::Notify,
}

/// The open model and its images.
pub(crate) struct State {
    pub(crate) engine: Arc<dyn Engine>,
    /// Rises with each opened model, because results of earlier ones no longer count.
    pub(crate) generation: u64,
    pub(crate) place: StorePlace,
    pub(crate) store: Store,
    pub(crate) kept: Kept,
    pub(crate) entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
    /// Folders that are watched for new images.
    pub(crate) folders: Vec<PathBuf>,
    /// A threshold that a person set instead of the model's.
    pub(crate) threshold: Option<f32>,
    pub(crate) lessons: Lessons,
    /// Rises with every change.
    pub(crate) version: u64,
    /// The version at which the whole list was last replaced.
    pub(crate) list_version: u64,
    pub(crate) ending: bool,
}

impl Project {
    /// Opens a model or run.
    pub(crate) fn open(engines: Box<dyn Engines>, path: &Path) -> Result<Self> {
        let state = State::open(&*engines, path)?;
        Ok(Self {
            engines,
            state: Mutex::new(state),
            work: Condvar::new(),
            changed: tokio::sync::Notify::new(),
        })
    }

    /// The state. Each change is made at once, so a thread that panicked left it consistent.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notifies pages and threads of a change.
    pub(crate) fn tell(&self) {
        self.work.notify_all();
        self.changed.notify_waiters();
    }

    /// Opens another model with the same folders. If it can't be opened, the current one stays open.
    pub(crate) fn reopen(&self, path: &Path) -> Result<()> {
        let engine = self.engines.open(path)?;
        let mut state = self.state();
        if state.lessons.is_running() {
            return Err(ReviewError::Busy(
                "a model is being taught: stop that first, or wait until it ends".to_owned(),
            ));
        }
        state.take_engine(engine)?;
        drop(state);
        self.tell();
        Ok(())
    }

    /// From now on, shows the images of a folder, including those that arrive later.
    pub(crate) fn watch(&self, folder: &Path) -> Result<()> {
        let folder = std::path::absolute(folder).map_err(ReviewError::io(folder))?;
        let found = bgad_data::images_of_folder(&folder)?.images;
        let mut state = self.state();
        if state.folders.contains(&folder) {
            return Ok(());
        }
        if state.entries.len() + found.len() > MOST_IMAGES {
            return Err(ReviewError::Request(format!(
                "{}: {} images; expected at most {MOST_IMAGES} on one wall",
                folder.display(),
                found.len()
            )));
        }
        for path in &found {
            state.add_file(path, group(&folder, path));
        }
        state.folders.push(folder);
        drop(state);
        self.tell();
        Ok(())
    }
}

impl State {
    fn open(engines: &dyn Engines, path: &Path) -> Result<Self> {
        let engine = engines.open(path)?;
        let place = StorePlace::of(engine.model());
        let store = Store::open(&place.folder)?;
        let kept = Kept::of(&place.folder.join("cache"), &engine.model().digest)?;
        let mut state = Self {
            generation: 0,
            lessons: Lessons::found(&place.folder, &store),
            store,
            kept,
            place,
            entries: Vec::new(),
            by_id: HashMap::new(),
            folders: Vec::new(),
            threshold: None,
            version: 1,
            list_version: 1,
            ending: false,
            engine,
        };
        state.fill();
        Ok(state)
    }

    /// Switches to another model.
    pub(crate) fn take_engine(&mut self, engine: Arc<dyn Engine>) -> Result<()> {
        let place = StorePlace::of(engine.model());
        if place.folder != self.place.folder {
            let store = Store::open(&place.folder)?;
            self.lessons = Lessons::found(&place.folder, &store);
            self.store = store;
        }
        self.kept = Kept::of(&place.folder.join("cache"), &engine.model().digest)?;
        self.place = place;
        self.engine = engine;
        self.generation += 1;
        self.entries.clear();
        self.by_id.clear();
        self.fill();
        Ok(())
    }

    /// Lists all images again: of the run, of the folders, uploaded ones, and decided ones.
    fn fill(&mut self) {
        self.version += 1;
        self.list_version = self.version;
        self.threshold = crate::threshold::read(self.store.folder(), self.engine.model());
        let engine = Arc::clone(&self.engine);
        for sample in engine.samples() {
            let group = match sample.label.is_abnormal() {
                true => sample.defect_type.clone(),
                false => "normal".to_owned(),
            };
            self.add(Entry::of_sample(sample.clone(), group));
        }
        let mut folders = self.folders.clone();
        folders.push(self.store.folder().join("uploads"));
        for folder in folders {
            // A folder that has disappeared may come back, so it stays watched.
            let found = bgad_data::images_of_folder(&folder).unwrap_or_default();
            for path in &found.images {
                self.add_file(path, group(&folder, path));
            }
        }
        self.add_decided();
    }

    /// Adds decided images that appear nowhere else: their copies in the store.
    fn add_decided(&mut self) {
        let mut missing = Vec::new();
        for (id, row) in self.store.decisions() {
            if self.by_id.contains_key(id) {
                continue;
            }
            let group = match row.kind.as_str() {
                "" => "decided",
                kind => kind,
            };
            let copy = self.store.folder().join(&row.image);
            let source = Path::new(&row.source);
            let mut entry = Entry::of_file(&copy, group.to_owned());
            if let Some(name) = source.file_name() {
                entry.name = path_to_text(Path::new(name));
            }
            entry.source.clone_from(&row.source);
            entry.id = id.to_owned();
            missing.push(entry);
        }
        missing.sort_by(|a, b| a.source.cmp(&b.source));
        for entry in missing {
            self.add(entry);
        }
    }

    /// Adds a file. A file that is already listed stays the same image, and is read again if it has changed.
    pub(crate) fn add_file(&mut self, path: &Path, group: String) {
        // A watched folder may contain the store, whose copies are not images of their own.
        let store = self.store.folder();
        if path.starts_with(store) && !path.starts_with(store.join("uploads")) {
            return;
        }
        let id = crate::store::id(&path_to_text(path));
        let Some(index) = self.by_id.get(&id).copied() else {
            self.add(Entry::of_file(path, group));
            return;
        };
        let stamp = Stamp::of(path).unwrap_or_default();
        let entry = &mut self.entries[index];
        let is_copy = entry.picture.path() != path;
        if !is_copy && entry.stamp == stamp {
            return;
        }
        if is_copy {
            // The image itself has come back, and replaces the copy of the decided image.
            *entry = Entry::of_file(path, group);
        }
        entry.stamp = stamp;
        entry.outcome = Outcome::Waiting;
        self.version += 1;
        entry.version = self.version;
        if let Some(scored) = self.kept.scored(entry) {
            entry.outcome = Outcome::Scored(scored);
        }
    }

    fn add(&mut self, mut entry: Entry) {
        if self.by_id.contains_key(&entry.id) {
            return;
        }
        self.version += 1;
        entry.version = self.version;
        if let Some(scored) = self.kept.scored(&entry) {
            entry.outcome = Outcome::Scored(scored);
        }
        self.by_id.insert(entry.id.clone(), self.entries.len());
        self.entries.push(entry);
    }

    /// The image with this id.
    pub(crate) fn entry(&self, id: &str) -> Result<&Entry> {
        let index = self.by_id.get(id).copied().ok_or_else(|| {
            ReviewError::Missing("this image is no longer on the wall".to_owned())
        })?;
        Ok(&self.entries[index])
    }

    /// The image with this name in the table of decisions.
    pub(crate) fn entry_of_source(&self, source: &str) -> Option<&Entry> {
        self.entry(&crate::store::id(source)).ok()
    }

    /// Records the result for an image, unless its file has changed meanwhile.
    pub(crate) fn set_outcome(&mut self, id: &str, stamp: Stamp, outcome: Outcome) {
        let Some(index) = self.by_id.get(id).copied() else {
            return;
        };
        if self.entries[index].stamp == stamp {
            self.version += 1;
            self.entries[index].outcome = outcome;
            self.entries[index].version = self.version;
        }
    }

    /// Marks an image as changed.
    pub(crate) fn touch(&mut self, id: &str) {
        self.version += 1;
        if let Some(index) = self.by_id.get(id).copied() {
            self.entries[index].version = self.version;
        }
    }
}

/// The folder of an image relative to the named one, starting with that one's name.
pub(crate) fn group(folder: &Path, image: &Path) -> String {
    let name = folder.file_name().map(Path::new).unwrap_or(folder);
    let below = image.parent().and_then(|p| p.strip_prefix(folder).ok());
    match below {
        Some(below) if !below.as_os_str().is_empty() => path_to_text(&name.join(below)),
        _ => path_to_text(name),
    }
}
