//! `bgad predict`.

use std::path::PathBuf;

use bgad::DeviceSelection;
use clap::{Args, ValueEnum};

use super::ReportingArguments;

#[derive(Debug, Args)]
pub struct PredictArguments {
    /// The model file.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Images, folders (with all their sub-folders), or `-` for a list of paths on standard input, one per
    /// line.
    #[arg(required_unless_present = "watch", value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Score the images in this folder and its sub-folders, then every new one, until stopped.
    #[arg(long, value_name = "DIR", conflicts_with = "images")]
    pub watch: Option<PathBuf>,
    /// Write each image with its heat map, as a PNG, to this folder.
    #[arg(long, value_name = "DIR")]
    pub heatmaps: Option<PathBuf>,
    /// Write each image's defects, as a PNG (white on black, at the image's size), to this folder.
    #[arg(long, value_name = "DIR")]
    pub masks: Option<PathBuf>,
    /// Write each image's score map, as an array of 32-bit floats, to this folder.
    #[arg(long, value_name = "DIR")]
    pub maps: Option<PathBuf>,
    /// File format for --maps: NumPy arrays or TIFF images.
    #[arg(long, value_enum, default_value_t = MapFormat::Npy, requires = "maps")]
    pub map_format: MapFormat,
    /// Write score maps at the image's own size instead of the model's.
    #[arg(long, requires = "maps")]
    pub original_size: bool,
    /// Write a table of comma-separated values to standard output.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// flex, ndarray, wgpu, vulkan or cuda, if compiled in; cuda:1 is the second of several GPUs.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// The file format of a score map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MapFormat {
    Npy,
    Tiff,
}
