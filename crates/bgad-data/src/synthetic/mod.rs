//! A synthetic set of part photos with exact masks, for trying things out without a download.
//!
//! The photos show brushed metal flanges on a table. Each has its own surface, is slightly shifted, turned
//! and lit differently, and is seen by a noisy sensor. The six defect types are `chipped_edge`, `dent`,
//! `misplaced_hole`, `scratch`, `stain` and `texture_break`; they are small and of low contrast.

mod config;
mod defect;
mod geometry;
mod noise;
mod part;
mod photo;

use std::fs;
use std::path::{Path, PathBuf};

use image::{GrayImage, Luma};
use rayon::prelude::*;

pub use config::SyntheticConfig;

use self::defect::{Defect, Kind};
use self::part::Part;
use crate::random_stream::Purpose;
use crate::{DataError, Mask, Result, Sample};

/// What [`write()`] wrote.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Normal training images.
    pub train: usize,
    /// Normal test images.
    pub test_normal: usize,
    /// Abnormal test images, each with a mask.
    pub test_abnormal: usize,
    /// The types of defects, sorted.
    pub defect_types: Vec<&'static str>,
}

/// One photo to take.
struct Order {
    /// Number of the part; different for all photos of the set.
    part: u64,
    defect: Option<Kind>,
    photo: PathBuf,
    mask: PathBuf,
}

/// Writes a data set in the MVTec layout: `train/good`, `test/good`, `test/TYPE` and
/// `ground_truth/TYPE/NAME_mask.png`.
///
/// The same configuration gives the same bytes on every platform and number of threads. The files are first
/// written to a hidden folder and then appear together. The folder is created if needed.
///
/// # Errors
/// [`DataError::FolderNotEmpty`], [`DataError::Io`], and [`DataError::Parameter`] as for
/// [`SyntheticConfig::check`].
pub fn write(folder: &Path, config: &SyntheticConfig) -> Result<Summary> {
    config.check()?;
    bgad_files::create_folder(folder).map_err(io_error(folder))?;
    if fs::read_dir(folder)
        .map_err(io_error(folder))?
        .next()
        .is_some()
    {
        return Err(DataError::FolderNotEmpty {
            folder: folder.to_owned(),
        });
    }
    let staging = folder.join(".incomplete");
    let written = write_all(&staging, config).and_then(|()| publish(&staging, folder));
    if let Err(error) = written {
        // The first error is more useful than that of a failed removal.
        fs::remove_dir_all(&staging).ok();
        return Err(error);
    }
    Ok(Summary {
        train: config.train_images,
        test_normal: config.test_images,
        test_abnormal: config.abnormal_per_type * Kind::ALL.len(),
        defect_types: Kind::ALL.map(Kind::name).to_vec(),
    })
}

fn write_all(root: &Path, config: &SyntheticConfig) -> Result<()> {
    let orders = orders(root, config);
    for parent in orders
        .iter()
        .flat_map(|order| [&order.photo, &order.mask])
        .filter_map(|path| path.parent())
    {
        bgad_files::create_folder(parent).map_err(io_error(parent))?;
    }
    orders
        .par_iter()
        .map(|order| carry_out(order, config))
        .collect()
}

fn orders(root: &Path, config: &SyntheticConfig) -> Vec<Order> {
    let mut orders = Vec::new();
    let mut add = |split: &str, name: &str, defect: Option<Kind>, count: usize| {
        for number in 0..count {
            let photo = root.join(split).join(name).join(format!("{number:03}.png"));
            let mask = match defect {
                Some(_) => root
                    .join("ground_truth")
                    .join(name)
                    .join(format!("{number:03}_mask.png")),
                None => photo.clone(),
            };
            orders.push(Order {
                part: orders.len() as u64,
                defect,
                photo,
                mask,
            });
        }
    };
    add("train", Sample::GOOD, None, config.train_images);
    add("test", Sample::GOOD, None, config.test_images);
    for kind in Kind::ALL {
        add("test", kind.name(), Some(kind), config.abnormal_per_type);
    }
    orders
}

fn carry_out(order: &Order, config: &SyntheticConfig) -> Result<()> {
    let stream = |purpose: Purpose| purpose.stream(config.seed, order.part);
    let part = Part::draw(&mut stream(Purpose::SyntheticPart));
    let defect = order
        .defect
        .map(|kind| Defect::draw(kind, config.contrast, &mut stream(Purpose::SyntheticDefect)));
    let (photo, mask) = photo::take(
        &part,
        defect.as_ref(),
        config.image_size,
        &mut stream(Purpose::SyntheticNoise),
    );
    photo
        .save(&order.photo)
        .map_err(|error| save_error(&order.photo, error))?;
    match mask {
        Some(mask) => to_image(&mask)
            .save(&order.mask)
            .map_err(|error| save_error(&order.mask, error)),
        None => Ok(()),
    }
}

fn to_image(mask: &Mask) -> GrayImage {
    let mut image = GrayImage::new(mask.width(), mask.height());
    for (pixel, &defect) in image.pixels_mut().zip(mask.pixels()) {
        *pixel = Luma([if defect { 255 } else { 0 }]);
    }
    image
}

/// Moves the finished files to their place.
fn publish(staging: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(staging).map_err(io_error(staging))? {
        let from = entry.map_err(io_error(staging))?.path();
        if let Some(name) = from.file_name() {
            fs::rename(&from, folder.join(name)).map_err(io_error(&from))?;
        }
    }
    fs::remove_dir(staging).map_err(io_error(staging))
}

fn io_error(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    move |reason| DataError::Io {
        path: path.to_owned(),
        reason,
    }
}

fn save_error(path: &Path, error: image::ImageError) -> DataError {
    let reason = match error {
        image::ImageError::IoError(reason) => reason,
        other => std::io::Error::other(other),
    };
    DataError::Io {
        path: path.to_owned(),
        reason,
    }
}
