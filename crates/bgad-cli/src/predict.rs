//! `bgad predict`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bgad::{Detector, Granularity, ScoreMap, load_image};
use serde_json::json;

use crate::arguments::PredictArguments;
use crate::failure::Failure;
use crate::images;
use crate::output;
use crate::progress::warning;

/// Scores images one after the other. One that can't be read does not end the run; it is named on
/// stderr, and the exit status tells.
pub fn run(arguments: &PredictArguments) -> Result<(), Failure> {
    let device = arguments.device.open()?;
    let detector = Detector::load(&arguments.model, &device)?;
    let files = images::list(&arguments.images)?;
    for folder in arguments.heatmaps.iter().chain(&arguments.maps) {
        if detector.description().granularity == Granularity::Image {
            return Err(bgad::Error::NoScoreMap.into());
        }
        std::fs::create_dir_all(folder).map_err(|source| Failure::File {
            path: folder.clone(),
            source,
        })?;
    }
    let mut written = HashSet::new();
    let mut failed = 0;
    for path in &files {
        let start = Instant::now();
        let image = match load_image(path) {
            Ok(image) => image,
            Err(error) => {
                warning(&error.to_string());
                failed += 1;
                continue;
            }
        };
        let prediction = detector.predict(&image)?;
        let seconds = start.elapsed().as_secs_f64();
        if let Some(folder) = &arguments.heatmaps {
            let picture = output_path(folder, path, "_heatmap.png", &mut written);
            let overlay = detector.overlay(&image, &prediction)?;
            overlay.save(&picture).map_err(|source| Failure::Picture {
                path: picture,
                source: Box::new(source),
            })?;
        }
        if let (Some(folder), Some(map)) = (&arguments.maps, &prediction.map) {
            write_array(&output_path(folder, path, ".npy", &mut written), map)?;
        }
        let (score, threshold) = (prediction.score, prediction.threshold);
        if arguments.reporting.json {
            output::json(&json!({
                "path": path.to_string_lossy(),
                "score": score,
                "threshold": threshold,
                "anomalous": prediction.anomalous,
                "p_value": prediction.p_value,
                "pixel_threshold": prediction.pixel_threshold,
                "regions": prediction.regions,
                "seconds": seconds,
            }))?;
        } else {
            let decision = if prediction.anomalous {
                "anomalous"
            } else {
                "normal"
            };
            output::line(&format!("{decision:<9}  {score:.4}  {}", path.display()))?;
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(Failure::Images {
            failed,
            all: files.len(),
        }),
    }
}

/// Where what belongs to an image goes: its name with `ending`, numbered where images of several
/// folders share a name.
fn output_path(folder: &Path, image: &Path, ending: &str, taken: &mut HashSet<PathBuf>) -> PathBuf {
    let stem = image.file_stem().unwrap_or_default().to_string_lossy();
    let mut path = folder.join(format!("{stem}{ending}"));
    let mut number = 2;
    while !taken.insert(path.clone()) {
        path = folder.join(format!("{stem}_{number}{ending}"));
        number += 1;
    }
    path
}

/// Writes a map as an array of 32-bit floating point numbers, `[height, width]`, in NumPy's format
/// 1.0: magic bytes, a header padded to 64 bytes, values row by row.
fn write_array(path: &Path, map: &ScoreMap) -> Result<(), Failure> {
    let (height, width) = (map.height, map.width);
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}");
    const BEFORE: usize = 10;
    let length = (BEFORE + header.len() + 1).next_multiple_of(64) - BEFORE;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(map.values.iter().flat_map(|value| value.to_le_bytes()));
    let written = std::fs::write(path, bytes);
    written.map_err(|source| {
        // What there is of it is no array.
        let _ = std::fs::remove_file(path);
        Failure::File {
            path: path.to_owned(),
            source,
        }
    })
}
