//! `bgad predict`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use bgad::{Detector, Granularity, load_image};
use serde_json::json;

use crate::arguments::PredictArguments;
use crate::failure::Failure;
use crate::output;
use crate::progress::warning;

/// Scores images one after the other. One that can't be read does not end the run; it is named on
/// stderr, and the exit status tells.
pub fn run(arguments: &PredictArguments) -> Result<(), Failure> {
    let device = arguments.device.open()?;
    let detector = Detector::load(&arguments.model, &device)?;
    if let Some(folder) = &arguments.heatmaps {
        if detector.description().granularity == Granularity::Image {
            return Err(bgad::Error::NoScoreMap.into());
        }
        std::fs::create_dir_all(folder).map_err(|source| Failure::File {
            path: folder.clone(),
            source,
        })?;
    }
    let mut pictures = HashSet::new();
    let mut failed = 0;
    for path in &arguments.images {
        let image = match load_image(path) {
            Ok(image) => image,
            Err(error) => {
                warning(&error.to_string());
                failed += 1;
                continue;
            }
        };
        let prediction = detector.predict(&image)?;
        if let Some(folder) = &arguments.heatmaps {
            let picture = picture_path(folder, path, &mut pictures);
            let overlay = detector.overlay(&image, &prediction)?;
            overlay.save(&picture).map_err(|source| Failure::Picture {
                path: picture,
                source: Box::new(source),
            })?;
        }
        let (score, threshold) = (prediction.score, prediction.threshold);
        if arguments.reporting.json {
            output::json(&json!({
                "path": path.to_string_lossy(),
                "score": score,
                "threshold": threshold,
                "anomalous": prediction.anomalous,
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
            all: arguments.images.len(),
        }),
    }
}

/// Where an image's heat map goes: its name with `_heatmap.png`, numbered where images of several
/// folders share a name.
fn picture_path(folder: &Path, image: &Path, taken: &mut HashSet<PathBuf>) -> PathBuf {
    let stem = image.file_stem().unwrap_or_default().to_string_lossy();
    let mut path = folder.join(format!("{stem}_heatmap.png"));
    let mut number = 2;
    while !taken.insert(path.clone()) {
        path = folder.join(format!("{stem}_{number}_heatmap.png"));
        number += 1;
    }
    path
}
