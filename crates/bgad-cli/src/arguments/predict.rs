//! `bgad predict`.

use std::path::PathBuf;

use bgad::DeviceSelection;
use clap::{Args, ValueEnum};

use super::ReportingArguments;

#[derive(Debug, Args)]
pub struct PredictArguments {
    /// The model's file.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Images, folders of images with all folders in them, or `-` for a list on standard input, a
    /// path a line.
    #[arg(required_unless_present = "watch", value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Score the images in this folder and in all folders in it, and go on with those that come,
    /// until the program is stopped.
    #[arg(long, value_name = "DIR", conflicts_with = "images")]
    pub watch: Option<PathBuf>,
    /// Write each image with its heat map as a PNG to this folder.
    #[arg(long, value_name = "DIR")]
    pub heatmaps: Option<PathBuf>,
    /// Write each image's defects as a PNG, white on black and of the image's size, to this folder.
    #[arg(long, value_name = "DIR")]
    pub masks: Option<PathBuf>,
    /// Write each image's score map as an array of 32-bit floating point numbers to this folder.
    #[arg(long, value_name = "DIR")]
    pub maps: Option<PathBuf>,
    /// The files of --maps: NumPy arrays or TIFF images.
    #[arg(long, value_enum, default_value_t = MapFormat::Npy, requires = "maps")]
    pub map_format: MapFormat,
    /// Write score maps at the image's own size, not at that of the model's input.
    #[arg(long, requires = "maps")]
    pub original_size: bool,
    /// Write a table of comma-separated values to standard output.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// flex, ndarray, wgpu, vulkan or cuda, among those compiled in; of several GPUs the second is
    /// cuda:1.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// How a score map is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MapFormat {
    Npy,
    Tiff,
}
