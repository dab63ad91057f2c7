//! A model that calls bright images anomalous. Its file contains its threshold, or `none`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bgad::{RgbImage, Sample, load_image};
use bgad_review::engine::{
    Change, Finding, Flipped, FoundRegion, Learned, Lesson, LevelMap, ModelInfo, Picture, Progress,
    Taught,
};
use bgad_review::{Engine, Engines, Options, Result, ReviewError, Server};

use crate::client::Client;

pub struct Brightness;

impl Engines for Brightness {
    fn open(&self, path: &Path) -> Result<Arc<dyn Engine>> {
        let run = path.is_dir().then(|| path.to_owned());
        let file = run
            .as_ref()
            .map_or(path.to_owned(), |run| run.join("model.bgad"));
        let text = std::fs::read_to_string(&file)
            .map_err(|error| ReviewError::Missing(format!("{}: {error}", file.display())))?;
        let samples = match &run {
            Some(run) if run.join("known").is_dir() => known(&run.join("known")),
            _ => Vec::new(),
        };
        let info = ModelInfo {
            digest: text.trim().replace('.', "_"),
            name: path.display().to_string(),
            method: "brightness".to_owned(),
            dataset: "lamps".to_owned(),
            threshold: threshold(&text),
            calibrated: false,
            promised_rate: threshold(&text).map(|_| 0.01),
            normal_scores: vec![0.1, 0.2],
            known_defects: 0,
            has_maps: true,
            has_map_threshold: threshold(&text).is_some(),
            file,
            run,
        };
        Ok(Arc::new(Lamp { info, samples }))
    }
}

fn threshold(text: &str) -> Option<f32> {
    match text.trim() {
        "none" => None,
        number => Some(number.parse().unwrap()),
    }
}

/// `ok*` is normal, everything else is not.
fn known(folder: &Path) -> Vec<Sample> {
    let images = bgad_data::images_of_folder(folder).unwrap().images;
    let sample = |path: PathBuf| match path
        .file_name()
        .unwrap()
        .to_string_lossy()
        .starts_with("ok")
    {
        true => Sample::normal(path),
        false => Sample::abnormal(path, "glare", None),
    };
    images.into_iter().map(sample).collect()
}

struct Lamp {
    info: ModelInfo,
    samples: Vec<Sample>,
}

impl Engine for Lamp {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, image: &Picture) -> Result<RgbImage> {
        Ok(load_image(image.path())?)
    }

    fn predict(&self, image: &RgbImage) -> Result<Finding> {
        let sum: u64 = image.as_raw().iter().map(|value| u64::from(*value)).sum();
        let score = sum as f32 / image.as_raw().len() as f32 / 255.0;
        Ok(Finding {
            score,
            p_value: 0.5,
            size: image.dimensions(),
            map: Some(LevelMap {
                width: 2,
                height: 2,
                levels: vec![0, 80, LevelMap::THRESHOLD, 255],
            }),
            regions: vec![FoundRegion {
                left: 0,
                top: 4,
                width: 8,
                height: 4,
                peak: 1.0,
            }],
        })
    }

    /// Runs until the lesson's folder has `go` beside it; fails if it has `fail`.
    fn learn(
        &self,
        lesson: &Lesson,
        progress: &mut dyn FnMut(Progress),
        stop: &AtomicBool,
    ) -> Result<Learned> {
        let beside = |name: &str| lesson.out.with_file_name(name).exists();
        progress(Progress {
            progress: 0.5,
            doing: "polishing".to_owned(),
        });
        while !beside("go") {
            if stop.load(Ordering::Relaxed) {
                return Err(ReviewError::Learning("learning was stopped".to_owned()));
            }
            if beside("fail") {
                return Err(ReviewError::Learning("no polish is left".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::fs::create_dir(&lesson.out).unwrap();
        std::fs::write(lesson.out.join("run.json"), "{}").unwrap();
        std::fs::write(lesson.out.join("model.bgad"), "0.250").unwrap();
        let taught = |image: &PathBuf, kind: &str| Taught {
            image: image.clone(),
            kind: kind.to_owned(),
            score: Change {
                before: 0.3,
                after: 0.4,
            },
            abnormal: Change {
                before: self.info.threshold.map(|_| false),
                after: Some(true),
            },
        };
        let missed = lesson
            .missed
            .iter()
            .map(|(image, _)| taught(image, "missed"));
        let alarms = lesson.false_alarms.iter().map(|i| taught(i, "false_alarm"));
        Ok(Learned {
            model: lesson.out.join("model.bgad"),
            run: lesson.out.clone(),
            threshold: Change {
                before: self.info.threshold.map(f64::from),
                after: Some(0.25),
            },
            promised_rate: Change {
                before: Some(0.01),
                after: None,
            },
            taught: missed.chain(alarms).collect(),
            flipped: vec![Flipped {
                image: lesson.out.with_file_name("of-the-run.png"),
                label: "normal".to_owned(),
                score: None,
                abnormal: Change {
                    before: Some(false),
                    after: Some(true),
                },
            }],
            images: 4,
            seconds: 1.5,
        })
    }

    fn export(&self, threshold: Option<f32>) -> Result<Vec<u8>> {
        let threshold = threshold.or(self.info.threshold);
        let text = threshold.map_or("none".to_owned(), |threshold| threshold.to_string());
        Ok(text.into_bytes())
    }

    fn report(&self, name: &str, samples: Vec<Sample>, threshold: Option<f32>) -> Result<Vec<u8>> {
        let abnormal = samples.iter().filter(|s| s.label.is_abnormal()).count();
        let all = samples.len();
        Ok(format!("{name}: {abnormal} of {all} at {threshold:?}").into_bytes())
    }
}

/// A run, a folder with three grey images and a damaged one, and a server that shows them.
pub struct Case {
    pub folder: tempfile::TempDir,
    pub server: Option<Server>,
}

/// Width and height of the images.
pub const SIZE: (u32, u32) = (8, 8);

pub fn grey(path: &Path, level: u8) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let pixel = image::Rgb([level; 3]);
    let image = RgbImage::from_pixel(SIZE.0, SIZE.1, pixel);
    image.save(path).unwrap();
}

impl Case {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        std::fs::create_dir(&run).unwrap();
        std::fs::write(run.join("run.json"), "{}").unwrap();
        std::fs::write(run.join("model.bgad"), "0.5").unwrap();
        let images = folder.path().join("images");
        for (name, level) in [("dark.png", 20), ("middle.png", 100), ("bright.png", 230)] {
            grey(&images.join(name), level);
        }
        std::fs::write(images.join("torn.png"), b"\x89PNG\r\n\x1a\nnothing more").unwrap();
        let mut case = Self {
            folder,
            server: None,
        };
        case.start();
        case
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn options(&self) -> Options {
        let mut options = Options::new(self.path("run"));
        options.folders.push(self.path("images"));
        options.upload_bytes = 20_000;
        options
    }

    /// Starts the server, or a new one after the first has ended.
    pub fn start(&mut self) {
        self.server = None;
        self.server = Some(Server::start(Box::new(Brightness), &self.options()).unwrap());
    }

    pub fn client(&self) -> Client {
        Client(self.server.as_ref().unwrap().address())
    }

    /// The table of decisions.
    pub fn table(&self) -> String {
        std::fs::read_to_string(self.path("run/review/manifest.csv")).unwrap_or_default()
    }
}
