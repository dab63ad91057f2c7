//! `bgad calibrate`.

use std::path::PathBuf;

use bgad::DeviceSelection;
use clap::Args;

use super::ReportingArguments;

#[derive(Debug, Args)]
pub struct CalibrateArguments {
    /// The model file.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Normal images that were not trained on: images, folders, or `-` for a list on standard input.
    #[arg(long, required_unless_present = "threshold", num_args = 1.., value_name = "IMAGE")]
    pub normal: Vec<PathBuf>,
    /// The share of normal images that may be called anomalous.
    #[arg(
        long,
        visible_alias = "fpr",
        value_name = "SHARE",
        allow_negative_numbers = true,
        default_value_t = 0.01
    )]
    pub false_positive_rate: f64,
    /// Abnormal images that were not trained on; the threshold is then the one with the best F1.
    #[arg(
        long,
        num_args = 1..,
        value_name = "IMAGE",
        requires = "normal",
        conflicts_with = "false_positive_rate"
    )]
    pub abnormal: Vec<PathBuf>,
    /// Set the image threshold to this score, without any images.
    #[arg(
        long,
        value_name = "SCORE",
        value_parser = finite,
        allow_negative_numbers = true,
        conflicts_with_all = ["normal", "abnormal", "false_positive_rate"]
    )]
    pub threshold: Option<f32>,
    /// Count pixels above this score as defective [default: unchanged].
    #[arg(
        long,
        value_name = "SCORE",
        value_parser = finite,
        allow_negative_numbers = true,
        requires = "threshold",
        conflicts_with_all = ["normal", "abnormal"]
    )]
    pub pixel_threshold: Option<f32>,
    /// The file for the calibrated model [default: replaces the model file].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// flex, ndarray, wgpu, vulkan or cuda, if compiled in; cuda:1 is the second of several GPUs.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// A score that a model file can store.
fn finite(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("expected a finite number".to_owned()),
    }
}
