//! One line on standard output for each image.

use std::path::Path;

use bgad::{Prediction, path_to_text};
use serde_json::json;

use crate::arguments::PredictArguments;
use crate::failure::Failure;
use crate::output;
use crate::prediction_files::WrittenFiles;

/// The format of the lines.
enum Format {
    Text,
    Json,
    Csv,
}

/// Writes the lines.
pub struct PredictionLines {
    format: Format,
    /// The bound on the threshold's rate of false alarms.
    bound: Option<f64>,
}

const COLUMNS: [&str; 11] = [
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
    "false_positive_bound",
];

impl PredictionLines {
    /// Writes the head of a table. `bound` is that on the threshold's rate of false alarms.
    pub fn new(arguments: &PredictArguments, bound: Option<f64>) -> Result<Self, Failure> {
        let format = match (arguments.reporting.json, arguments.csv) {
            (true, _) => Format::Json,
            (false, false) => Format::Text,
            (false, true) => {
                csv_line(COLUMNS.map(str::to_owned))?;
                Format::Csv
            }
        };
        Ok(Self { format, bound })
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
        let pixel_threshold = prediction.pixel_threshold.and_then(output::chosen);
        let seconds = prediction.duration.as_secs_f64();
        match self.format {
            Format::Json => {
                let mut line = json!({
                    "path": path_to_text(path),
                    "score": score,
                    "threshold": threshold,
                    "anomalous": anomalous,
                    "p_value": prediction.p_value,
                    "calibrated": prediction.calibrated,
                    "promised_rate": prediction.promised_rate,
                    "false_positive_bound": self.bound,
                    "pixel_threshold": pixel_threshold,
                    "regions": prediction.regions,
                    "seconds": seconds,
                });
                for (what, file) in files.named() {
                    line[what] = path_to_text(file).into();
                }
                output::json(&line)
            }
            Format::Csv => csv_line([
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
                field(self.bound),
            ]),
            Format::Text => {
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
        match self.format {
            Format::Json => output::json(&json!({
                "path": path_to_text(path),
                "error": error,
            })),
            Format::Csv | Format::Text => Ok(()),
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
