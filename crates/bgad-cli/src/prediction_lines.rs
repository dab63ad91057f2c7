//! One line on standard output for each image.

use std::path::Path;

use bgad::{Prediction, path_to_text};
use serde_json::json;

use crate::arguments::PredictArguments;
use crate::failure::Failure;
use crate::output;
use crate::prediction_files::WrittenFiles;

/// The format of the lines.
pub enum PredictionLines {
    Text,
    Json,
    Csv,
}

const COLUMNS: [&str; 10] = [
    "path",
    "score",
    "threshold",
    "anomalous",
    "p_value",
    "pixel_threshold",
    "regions",
    "seconds",
    "calibrated",
    "promised_rate",
];

impl PredictionLines {
    pub fn new(arguments: &PredictArguments) -> Result<Self, Failure> {
        Ok(match (arguments.reporting.json, arguments.csv) {
            (true, _) => Self::Json,
            (false, false) => Self::Text,
            (false, true) => {
                csv_line(COLUMNS.map(str::to_owned))?;
                Self::Csv
            }
        })
    }

    pub fn prediction(
        &self,
        path: &Path,
        prediction: &Prediction,
        files: &WrittenFiles,
    ) -> Result<(), Failure> {
        let score = prediction.score;
        let is_decided = prediction.is_decided();
        let threshold = is_decided.then_some(prediction.threshold);
        let anomalous = is_decided.then_some(prediction.anomalous);
        let pixel_threshold = prediction.pixel_threshold.filter(|t| *t < f32::MAX);
        let seconds = prediction.duration.as_secs_f64();
        match self {
            Self::Json => {
                let mut line = json!({
                    "path": path_to_text(path),
                    "score": score,
                    "threshold": threshold,
                    "anomalous": anomalous,
                    "p_value": prediction.p_value,
                    "calibrated": prediction.calibrated,
                    "promised_rate": prediction.promised_rate,
                    "pixel_threshold": pixel_threshold,
                    "regions": prediction.regions,
                    "seconds": seconds,
                });
                for (what, file) in files.named() {
                    line[what] = path_to_text(file).into();
                }
                output::json(&line)
            }
            Self::Csv => csv_line([
                path_to_text(path),
                score.to_string(),
                field(threshold),
                field(anomalous),
                prediction.p_value.to_string(),
                field(pixel_threshold),
                prediction.regions.len().to_string(),
                seconds.to_string(),
                prediction.calibrated.to_string(),
                field(prediction.promised_rate),
            ]),
            Self::Text => {
                let decision = match anomalous {
                    Some(true) => "anomalous",
                    Some(false) => "normal",
                    None => "undecided",
                };
                output::line(&format!(
                    "{decision:<9}  {score:.4}  {}",
                    path_to_text(path)
                ))
            }
        }
    }

    /// An image without a prediction; the CSV table and the text leave it out.
    pub fn failure(&self, path: &Path, error: &str) -> Result<(), Failure> {
        match self {
            Self::Json => output::json(&json!({
                "path": path_to_text(path),
                "error": error,
            })),
            Self::Csv | Self::Text => Ok(()),
        }
    }
}

/// A field that is empty without a value.
fn field(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Writes a whole line at once, so that a program reading along gets it immediately.
fn csv_line<const N: usize>(fields: [String; N]) -> Result<(), Failure> {
    let failed = |error: csv::Error| Failure::Output(error.into());
    let mut line = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut line);
    writer.write_record(fields).map_err(failed)?;
    writer.flush().map_err(Failure::Output)?;
    drop(writer);
    output::bytes(&line)
}
