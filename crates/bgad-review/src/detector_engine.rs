//! The engine for the page: a `bgad` model on the CPU.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bgad::{DefectRegion, Detector, Device, Model, RgbImage, Sample, path_to_text};

use crate::engine::{
    Engine, Engines, Finding, FoundRegion, Learned, Lesson, LevelMap, ModelInfo, Picture, Progress,
};
use crate::error::{Result, ReviewError};
use crate::learning::LearningProgram;
use crate::{digest, run};

/// The most pixels per side of a stored map: as many as a screen shows of an image.
const LARGEST_MAP: u32 = 512;

/// Opens `bgad` models; runs learn through `bgad learn`.
#[derive(Debug, Clone)]
pub struct Detectors {
    program: LearningProgram,
    device: Device,
}

impl Detectors {
    /// Opens models on `device`. They learn through `program`, which is called like `bgad learn`.
    pub fn new(program: PathBuf, device: Device) -> Self {
        Self {
            program: LearningProgram::new(program),
            device,
        }
    }
}

impl Engines for Detectors {
    fn open(&self, path: &Path) -> Result<Arc<dyn Engine>> {
        let place = run::locate(path)?;
        let detector = Detector::load(&place.model, &self.device)?;
        let samples = match &place.run {
            Some(folder) => run::samples(folder)?,
            None => Vec::new(),
        };
        let description = detector.description();
        let info = ModelInfo {
            digest: digest::of_file(&place.model)?,
            name: path_to_text(place.run.as_deref().unwrap_or(&place.model)),
            method: match description.config.model {
                Model::Bgad => "BGAD".to_owned(),
                Model::BgadFas => "BGAD-FAS".to_owned(),
            },
            dataset: description.dataset.clone(),
            threshold: description.chosen_threshold(),
            calibrated: description.calibrated,
            promised_rate: description.promised_rate,
            normal_scores: description.normal_scores.clone(),
            known_defects: description.training_anomalies.len(),
            has_maps: description.pixel_threshold.is_some(),
            has_map_threshold: description.pixel_threshold.is_some_and(is_set),
            file: place.model,
            run: place.run,
        };
        Ok(Arc::new(DetectorEngine {
            detector,
            info,
            samples,
            program: self.program.clone(),
            device: self.device.clone(),
        }))
    }
}

struct DetectorEngine {
    detector: Detector,
    info: ModelInfo,
    samples: Vec<Sample>,
    program: LearningProgram,
    device: Device,
}

impl Engine for DetectorEngine {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn samples(&self) -> &[Sample] {
        &self.samples
    }

    fn read(&self, image: &Picture) -> Result<RgbImage> {
        match image {
            Picture::Sample(sample) => Ok(sample.load_image()?),
            Picture::File(path) => Ok(self.detector.load_image(path)?),
        }
    }

    fn predict(&self, image: &RgbImage) -> Result<Finding> {
        let found = self.detector.predict(image)?;
        let map = found.map.as_ref().zip(found.pixel_threshold);
        Ok(Finding {
            score: found.score,
            p_value: found.p_value,
            size: image.dimensions(),
            map: map.map(|(map, threshold)| levels(map, threshold)),
            regions: found.regions.iter().map(region).collect(),
        })
    }

    fn learn(
        &self,
        lesson: &Lesson,
        progress: &mut dyn FnMut(Progress),
        stop: &AtomicBool,
    ) -> Result<Learned> {
        match &self.info.run {
            Some(run) => self.program.learn(run, lesson, progress, stop),
            None => Err(ReviewError::Unsupported(run::NO_RUN.to_owned())),
        }
    }

    fn export(&self, threshold: Option<f32>) -> Result<Vec<u8>> {
        let file = &self.info.file;
        let Some(threshold) = threshold else {
            return std::fs::read(file).map_err(ReviewError::io(file));
        };
        bytes(&self.at(threshold)?)
    }

    fn report(&self, name: &str, samples: Vec<Sample>, threshold: Option<f32>) -> Result<Vec<u8>> {
        match threshold {
            None => report(&self.detector, name, samples),
            Some(threshold) => report(&self.at(threshold)?, name, samples),
        }
    }
}

impl DetectorEngine {
    /// The model with another threshold.
    fn at(&self, threshold: f32) -> Result<Detector> {
        let mut detector = Detector::load(&self.info.file, &self.device)?;
        detector.set_threshold(threshold);
        Ok(detector)
    }
}

/// Whether this is a threshold and not the largest number, which means that there is none.
fn is_set(threshold: f32) -> bool {
    threshold < f32::MAX
}

fn region(found: &DefectRegion) -> FoundRegion {
    FoundRegion {
        left: found.left,
        top: found.top,
        width: found.width,
        height: found.height,
        peak: found.peak,
    }
}

/// The levels of a score map, coloured as by `bgad predict --heatmaps`, except that nothing reaches the
/// threshold's level if there is no threshold.
fn levels(map: &bgad::ScoreMap, threshold: f32) -> LevelMap {
    let largest = map.width.max(map.height) as f32;
    let shrink = (largest / LARGEST_MAP as f32).max(1.0);
    let side = |side: usize| ((side as f32 / shrink).round() as u32).max(1);
    let (width, height) = (side(map.width), side(map.height));
    let resized;
    let map = if shrink > 1.0 {
        resized = map.resized(width, height);
        &resized
    } else {
        map
    };
    let reference = match is_set(threshold) {
        true => threshold,
        false => map.values.iter().copied().fold(f32::MIN, f32::max),
    };
    let lower = 0.8 * reference;
    let range = ((reference - lower) * 1.5).max(f32::MIN_POSITIVE);
    let level = |score: &f32| {
        let level = ((score - lower) / range * 255.0).clamp(0.0, 255.0) as u8;
        match *score > reference {
            true => level.max(LevelMap::THRESHOLD),
            false => level.min(LevelMap::THRESHOLD - 1),
        }
    };
    LevelMap {
        width,
        height,
        levels: map.values.iter().map(level).collect(),
    }
}

#[cfg(feature = "runs")]
fn bytes(detector: &Detector) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().map_err(ReviewError::io(&std::env::temp_dir()))?;
    let file = folder.path().join("model.bgad");
    detector.save(&file)?;
    std::fs::read(&file).map_err(ReviewError::io(&file))
}

#[cfg(not(feature = "runs"))]
fn bytes(_: &Detector) -> Result<Vec<u8>> {
    let text = "this program can't write models, because it was built without the feature `runs`";
    Err(ReviewError::Unsupported(text.to_owned()))
}

#[cfg(feature = "report")]
fn report(detector: &Detector, name: &str, samples: Vec<Sample>) -> Result<Vec<u8>> {
    use bgad::report::Report;
    use bgad::{Dataset, EvaluationOptions};

    let dataset = Dataset {
        name: name.to_owned(),
        test: samples,
        ..Dataset::default()
    };
    let report = Report::of(detector, &dataset, &EvaluationOptions::complete())?;
    let folder = tempfile::tempdir().map_err(ReviewError::io(&std::env::temp_dir()))?;
    let files = report.write(folder.path())?;
    std::fs::read(&files.html).map_err(ReviewError::io(&files.html))
}

#[cfg(not(feature = "report"))]
fn report(_: &Detector, _: &str, _: Vec<Sample>) -> Result<Vec<u8>> {
    let text =
        "this program can't write reports, because it was built without the feature `report`";
    Err(ReviewError::Unsupported(text.to_owned()))
}
