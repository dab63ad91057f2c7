//! All that the page shows: an open model, its images, what was decided and learned.

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

/// More images than any wall is looked through; a folder of more is refused rather than half shown.
pub(crate) const MOST_IMAGES: usize = 200_000;

/// The project and those who wait for it.
pub(crate) struct Project {
    pub(crate) engines: Box<dyn Engines>,
    state: Mutex<State>,
    /// Wakes whoever scores images.
    pub(crate) work: Condvar,
    /// Wakes pages that wait for changes.
    pub(crate) changed: tokio::sync::Notify,
}

/// What is open.
pub(crate) struct State {
    pub(crate) engine: Arc<dyn Engine>,
    /// Rises with each model that is opened: what was found by an earlier one no longer counts.
    pub(crate) generation: u64,
    pub(crate) place: StorePlace,
    pub(crate) store: Store,
    pub(crate) kept: Kept,
    pub(crate) entries: Vec<Entry>,
    by_id: HashMap<String, usize>,
    /// Folders that are looked at for new images.
    pub(crate) folders: Vec<PathBuf>,
    /// A threshold that a person set, in the place of the model's.
    pub(crate) threshold: Option<f32>,
    pub(crate) lessons: Lessons,
    /// Rises with each change of anything.
    pub(crate) version: u64,
    /// The version since which the list as a whole is another one.
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

    /// The state. A thread that died left it whole: each change is made at once.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells pages and threads of a change.
    pub(crate) fn tell(&self) {
        self.work.notify_all();
        self.changed.notify_waiters();
    }

    /// Opens another model with the folders that are looked at now. The model of before stays open
    /// where this one can't be.
    pub(crate) fn reopen(&self, path: &Path) -> Result<()> {
        let engine = self.engines.open(path)?;
        let mut state = self.state();
        if state.lessons.is_running() {
            return Err(ReviewError::Busy(
                "a model is being taught: stop that first, or wait for its end".to_owned(),
            ));
        }
        state.take_engine(engine)?;
        drop(state);
        self.tell();
        Ok(())
    }

    /// Shows the images of a folder from now on, and those that come.
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

    /// Works with another model from now on.
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

    /// All images anew: the run's, those of the folders, those that were sent, those that were decided.
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
            // A folder that has gone may come back; it is looked at again and again.
            let found = bgad_data::images_of_folder(&folder).unwrap_or_default();
            for path in &found.images {
                self.add_file(path, group(&folder, path));
            }
        }
        self.add_decided();
    }

    /// Images that were decided and that nothing else names: their copies in the store.
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

    /// A file; the same file a second time is the image that is there, read again where it has changed.
    pub(crate) fn add_file(&mut self, path: &Path, group: String) {
        // A folder that is watched may hold the store: its copies are not images of their own.
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
            // The image itself has come back in the place of the copy that was decided.
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

    /// The image of this id.
    pub(crate) fn entry(&self, id: &str) -> Result<&Entry> {
        let index = self.by_id.get(id).copied().ok_or_else(|| {
            ReviewError::Missing("there is no such image on this wall any more".to_owned())
        })?;
        Ok(&self.entries[index])
    }

    /// The image of this file or name in the table of decisions.
    pub(crate) fn entry_of_source(&self, source: &str) -> Option<&Entry> {
        self.entry(&crate::store::id(source)).ok()
    }

    /// Notes what became of an image, unless its file has changed meanwhile.
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

/// The folder of an image below the one that was named, with that one's name.
pub(crate) fn group(folder: &Path, image: &Path) -> String {
    let name = folder.file_name().map(Path::new).unwrap_or(folder);
    let below = image.parent().and_then(|p| p.strip_prefix(folder).ok());
    match below {
        Some(below) if !below.as_os_str().is_empty() => path_to_text(&name.join(below)),
        _ => path_to_text(name),
    }
}
