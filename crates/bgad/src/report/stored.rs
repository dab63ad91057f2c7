//! The files from which a run's report can be written again.

use std::collections::BTreeMap;
use std::path::Path;

use bgad_report::ReportData;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use super::build::Report;
use super::scoring::Scoring;
use crate::error::{Error, Result};
use crate::evaluation::result::Evaluation;
use crate::model::likelihoods::{FinerMaps, LogLikelihoodMap, LogLikelihoodMaps, PositionMap};
use crate::storage::json::{read_json, write_json};

const EVALUATION: &str = "evaluation.json";
const REPORT: &str = "report.json";
const MAPS: &str = "log_likelihoods.safetensors";

/// `report.json`: everything on the page except the gallery, and what is needed to make the gallery.
#[derive(Serialize, Deserialize)]
struct Stored<D> {
    page: D,
    scoring: Scoring,
}

/// Name of the memory bank's distances among the log-likelihoods.
const DISTANCES: &str = "distances";
const CONTEXTS: &str = "contexts";
const DEVIATIONS: &str = "deviations";
const DISCRIMINANTS: &str = "discriminants";
const LIKENESS: &str = "likeness";

/// The maps of positions beside the flows'.
const OF_POSITIONS: [&str; 5] = [DISTANCES, CONTEXTS, DEVIATIONS, DISCRIMINANTS, LIKENESS];

/// An input's map of positions, by the name of its tensor.
fn of_positions<'a>(maps: &'a LogLikelihoodMaps, name: &str) -> Option<&'a PositionMap> {
    match name {
        DISTANCES => maps.distances.as_ref(),
        CONTEXTS => maps.contexts.as_ref(),
        DEVIATIONS => maps.deviations.as_ref(),
        DISCRIMINANTS => maps.discriminants.as_ref(),
        _ => maps.likeness.as_ref(),
    }
}

/// What the names of the finer inputs' tensors begin with.
const FINER: &str = "finer.";
/// Name of the distances to the nearest normal images among the log-likelihoods.
const NEIGHBORS: &str = "neighbor_distance";

impl Report {
    /// Writes to the existing folder `folder`: `evaluation.json`, with all metrics and the score of each
    /// image; `report.json`, with the rest of the page; and `log_likelihoods.safetensors`, with
    /// `[inputs, height, width]` for each level, or `[inputs]` for pooled features. Inputs are in the order
    /// of the evaluation's results; an image has one input, or one per tile, row by row. Names for finer inputs begin
    /// with `finer.`.
    ///
    /// # Errors
    /// [`Error::Io`] names the file that can't be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        write_json(&folder.join(EVALUATION), &self.evaluation)?;
        let path = folder.join(MAPS);
        let usual: Vec<&LogLikelihoodMaps> = self.maps.iter().collect();
        let mut tensors = tensors_of(&usual, "");
        let finer = usual.iter().map(|maps| Some(&maps.finer.as_ref()?.maps));
        if let Some(finer) = finer.collect::<Option<Vec<_>>>() {
            tensors.extend(tensors_of(&finer, FINER));
        }
        let damaged = |error: &dyn std::fmt::Display| Error::RunFile {
            path: path.clone(),
            reason: error.to_string(),
        };
        let mut views = BTreeMap::new();
        for (name, (shape, bytes)) in &tensors {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            views.insert(name, view.map_err(|error| damaged(&error))?);
        }
        let bytes = safetensors::serialize(views, None).map_err(|error| damaged(&error))?;
        bgad_files::write_whole(&path, &bytes).map_err(Error::io(&path))?;
        let stored = Stored {
            page: &self.data,
            scoring: self.scoring.clone(),
        };
        write_json(&folder.join(REPORT), &stored)
    }

    /// Reads the files written by [`save`](Self::save).
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names the file that is missing or damaged.
    pub fn load(folder: &Path) -> Result<Self> {
        let evaluation: Evaluation = read_json(&folder.join(EVALUATION))?;
        let stored: Stored<ReportData> = read_json(&folder.join(REPORT))?;
        let path = folder.join(MAPS);
        if stored.scoring.finer.is_some() != stored.scoring.calibration.finer.is_some() {
            return Err(Error::RunFile {
                path: folder.join(REPORT),
                reason: "scoring.finer and scoring.calibration.finer do not belong together"
                    .to_owned(),
            });
        }
        let of_finer = stored.scoring.calibration.finer.as_ref();
        if of_finer.is_some_and(|finer| finer.halo_limit.is_some()) {
            return Err(Error::RunFile {
                path: folder.join(REPORT),
                reason: "an earlier version wrote it, whose heat maps this version can't draw; `bgad evaluate --report` \
                         writes a new one"
                    .to_owned(),
            });
        }
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let levels = stored.scoring.calibration.level_maxima.len();
        let views = stored.scoring.views(&evaluation);
        let inputs = views.iter().map(|views| views.views.len()).sum();
        let mut maps = read_maps(&bytes, levels, inputs, "");
        if let Some(views) = stored.scoring.finer_views(&evaluation) {
            maps = maps.and_then(|mut maps| {
                let finer = read_maps(&bytes, levels, inputs, FINER)?;
                for ((maps, views), finer) in maps.iter_mut().zip(views).zip(finer) {
                    let finer = FinerMaps { views, maps: finer };
                    maps.finer = Some(Box::new(finer));
                }
                Ok(maps)
            });
        }
        Ok(Self {
            maps: maps.map_err(|reason| Error::RunFile { path, reason })?,
            evaluation,
            data: stored.page,
            scoring: stored.scoring,
        })
    }
}

/// Shapes and bytes of tensors, by name.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

/// The log-likelihoods of all inputs as tensors, whose names begin with `prefix`.
fn tensors_of(all: &[&LogLikelihoodMaps], prefix: &str) -> Tensors {
    let levels = all.first().map_or(0, |maps| maps.levels.len());
    let mut tensors = BTreeMap::new();
    for level in 0..levels {
        let maps = all.iter().map(|maps| &maps.levels[level]);
        let bytes = maps.flat_map(|map| map.values.iter().flat_map(|v| v.to_le_bytes()));
        let first = &all[0].levels[level];
        let (name, shape) = match first.pooled {
            true => (format!("{prefix}pooled.{level}"), vec![all.len()]),
            false => {
                let shape = vec![all.len(), first.height, first.width];
                (format!("{prefix}map.{level}"), shape)
            }
        };
        tensors.insert(name, (shape, bytes.collect::<Vec<u8>>()));
    }
    let distances = all.iter().map(|maps| maps.neighbor_distance);
    if let Some(distances) = distances.collect::<Option<Vec<f32>>>() {
        let bytes = distances.iter().flat_map(|d| d.to_le_bytes()).collect();
        let name = format!("{prefix}{NEIGHBORS}");
        tensors.insert(name, (vec![distances.len()], bytes));
    }
    for name in OF_POSITIONS {
        let maps = all.iter().map(|maps| of_positions(maps, name));
        if let Some(maps) = maps.collect::<Option<Vec<&PositionMap>>>()
            && let Some(side) = maps.first().map(|map| map.side)
        {
            let values = maps.iter().flat_map(|map| &map.values);
            let bytes = values.flat_map(|value| value.to_le_bytes()).collect();
            let shape = vec![maps.len(), side, side];
            tensors.insert(format!("{prefix}{name}"), (shape, bytes));
        }
    }
    tensors
}

/// The log-likelihoods of `inputs` from tensors whose names begin with `prefix`.
fn read_maps(
    bytes: &[u8],
    levels: usize,
    inputs: usize,
    prefix: &str,
) -> Result<Vec<LogLikelihoodMaps>, String> {
    let mut maps: Vec<LogLikelihoodMaps> = (0..inputs)
        .map(|_| LogLikelihoodMaps {
            levels: Vec::new(),
            distances: None,
            contexts: None,
            deviations: None,
            discriminants: None,
            likeness: None,
            neighbor_distance: None,
            finer: None,
        })
        .collect();
    if inputs == 0 {
        return Ok(maps);
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    for level in 0..levels {
        let pooled = format!("{prefix}pooled.{level}");
        let (name, pooled) = match tensors.tensor(&pooled) {
            Ok(_) => (pooled, true),
            Err(_) => (format!("{prefix}map.{level}"), false),
        };
        let tensor = tensors.tensor(&name).map_err(|error| error.to_string())?;
        let shape = tensor.shape();
        let (count, height, width) = match (shape, pooled) {
            (&[count], true) => (count, 1, 1),
            (&[count, height, width], false) => (count, height, width),
            _ => {
                let axes = if pooled { "one axis" } else { "three axes" };
                return Err(format!("{name} has shape {shape:?}, expected {axes}"));
            }
        };
        if count != inputs || height == 0 || width == 0 || tensor.dtype() != Dtype::F32 {
            return Err(format!(
                "{name} is {:?} {shape:?}, expected F32 of {inputs} inputs",
                tensor.dtype()
            ));
        }
        let values = tensor.data().as_chunks::<4>().0;
        for (maps, values) in maps.iter_mut().zip(values.chunks_exact(height * width)) {
            maps.levels.push(LogLikelihoodMap {
                width,
                height,
                values: values.iter().map(|b| f32::from_le_bytes(*b)).collect(),
                pooled,
            });
        }
    }
    for name in OF_POSITIONS {
        let Ok(tensor) = tensors.tensor(&format!("{prefix}{name}")) else {
            continue;
        };
        let (dtype, shape) = (tensor.dtype(), tensor.shape());
        let side = match shape {
            &[count, height, width] if count == inputs && height == width && width > 0 => width,
            _ => 0,
        };
        if dtype != Dtype::F32 || side == 0 {
            return Err(format!(
                "{name} is {dtype:?} {shape:?}, expected F32 squares of {inputs} inputs"
            ));
        }
        let values = tensor.data().as_chunks::<4>().0;
        for (maps, values) in maps.iter_mut().zip(values.chunks_exact(side * side)) {
            let values = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
            let map = Some(PositionMap { side, values });
            match name {
                DISTANCES => maps.distances = map,
                CONTEXTS => maps.contexts = map,
                DEVIATIONS => maps.deviations = map,
                DISCRIMINANTS => maps.discriminants = map,
                _ => maps.likeness = map,
            }
        }
    }
    if let Ok(tensor) = tensors.tensor(&format!("{prefix}{NEIGHBORS}")) {
        let values = tensor.data().as_chunks::<4>().0;
        if tensor.dtype() != Dtype::F32 || values.len() != inputs {
            let (dtype, shape) = (tensor.dtype(), tensor.shape());
            return Err(format!(
                "{NEIGHBORS} is {dtype:?} {shape:?}, expected F32 of {inputs} inputs"
            ));
        }
        for (maps, value) in maps.iter_mut().zip(values) {
            maps.neighbor_distance = Some(f32::from_le_bytes(*value));
        }
    }
    Ok(maps)
}
