//! Draws the pictures of README and docs from the quick-start's results in `out/quickstart`.
//!
//!     cargo run --release --example quickstart
//!     cargo run --release --example pictures [-- FOLDER]

use std::path::{Path, PathBuf};

use bgad::{CutPaste, Detector, Device, Layout, RgbImage, Sample, contact_sheet};
use image::codecs::png::{self, CompressionType, PngEncoder};
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, Rgb};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const FROM: &str = "out/quickstart";
/// The side of a picture in a sheet, and the gap between two.
const SIDE: u32 = 128;
const GAP: u32 = 4;
/// The images shown: a normal part, two defect types that were trained on, and two that were not.
const TYPES: [&str; 5] = ["good", "dent", "stain", "scratch", "texture_break"];

fn main() -> Result<()> {
    let parts = Path::new(FROM).join("parts");
    let dataset = Layout::Mvtec.read(&parts, None)?;
    let detector = Detector::load(&Path::new(FROM).join("bgad-fas.bgad"), &Device::flex())?;
    let trained = &detector.description().training_anomalies;
    let first = |kind: &str| {
        let mut of_kind = dataset
            .test
            .iter()
            .filter(|sample| sample.defect_type == kind);
        let unseen = |sample: &&Sample| {
            let name = format!("{kind}/{}", sample.name());
            trained.iter().all(|anomaly| anomaly.name != name)
        };
        of_kind
            .find(unseen)
            .ok_or(format!("no test image of {kind}"))
    };
    let folder = std::env::args().nth(1);
    let folder = PathBuf::from(folder.as_deref().unwrap_or("docs/pictures"));
    std::fs::create_dir_all(&folder)?;

    let mut columns = Vec::new();
    for kind in TYPES {
        let (image, mask) = (first(kind)?.load_image()?, mask(first(kind)?)?);
        let heat = detector.overlay(&image, &detector.predict(&image)?)?;
        columns.push(vec![image, mask, heat]);
    }
    save(sheet(&columns), &folder.join("result.png"))?;

    let scratched = first("scratch")?.load_image()?;
    let maps = detector.log_likelihoods(&scratched)?;
    let mut row = vec![vec![scratched.clone()]];
    let levels = maps.iter().flat_map(|maps| &maps.levels);
    for map in levels.filter(|map| !map.is_pooled()) {
        row.push(vec![shades(map.width, &map.values)]);
    }
    let score = detector.predict(&scratched)?.map;
    let score = score.ok_or("a model without maps")?;
    let inverted: Vec<f32> = score.values.iter().map(|value| -value).collect();
    row.push(vec![shades(score.width, &inverted)]);
    save(sheet(&row), &folder.join("levels.png"))?;

    let mut mixed = Layout::Mvtec.read(&parts, None)?;
    mixed.move_anomalies_to_training(5, 0)?;
    let pasted = contact_sheet(&mixed, &CutPaste::default(), 5, 0, 0)?;
    let (width, height) = (pasted.width() * 2 / 3, pasted.height() * 2 / 3);
    let pasted = imageops::resize(&pasted, width, height, FilterType::Triangle);
    save(pasted, &folder.join("cutpaste.png"))
}

/// Writes a picture without its two lowest bits, which are noise and most of the file.
fn save(mut picture: RgbImage, path: &Path) -> Result<()> {
    picture.iter_mut().for_each(|value| *value &= 0xFC);
    let file = std::fs::File::create(path)?;
    let (compression, filter) = (CompressionType::Best, png::FilterType::Adaptive);
    let encoder = PngEncoder::new_with_quality(file, compression, filter);
    Ok(picture.write_with_encoder(encoder)?)
}

/// Puts pictures side by side in columns.
fn sheet(columns: &[Vec<RgbImage>]) -> RgbImage {
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let extent = |count: usize| count as u32 * (SIDE + GAP) - GAP;
    let white = Rgb([255; 3]);
    let mut sheet = RgbImage::from_pixel(extent(columns.len()), extent(rows), white);
    for (x, column) in columns.iter().enumerate() {
        for (y, picture) in column.iter().enumerate() {
            let picture = imageops::resize(picture, SIDE, SIDE, FilterType::Triangle);
            let place = |index: usize| (index as u32 * (SIDE + GAP)).into();
            imageops::replace(&mut sheet, &picture, place(x), place(y));
        }
    }
    sheet
}

/// The mask of a sample, black for a normal one.
fn mask(sample: &Sample) -> Result<RgbImage> {
    let mut picture = GrayImage::new(SIDE, SIDE);
    if let Some(mask) = sample.load_mask()? {
        let mask = mask.resize(SIDE, SIDE);
        for (pixel, &defect) in picture.pixels_mut().zip(mask.pixels()) {
            *pixel = Luma([if defect { 255 } else { 0 }]);
        }
    }
    Ok(image::DynamicImage::from(picture).into_rgb8())
}

/// Likelihoods as shades, one square per position: black is the least likely, white the most.
fn shades(width: usize, values: &[f32]) -> RgbImage {
    let (low, high) = values
        .iter()
        .fold((f32::MAX, f32::MIN), |(low, high), &value| {
            (low.min(value), high.max(value))
        });
    let height = values.len() / width;
    let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let value = values[y as usize * width + x as usize];
        Rgb([(255.0 * (value - low) / (high - low).max(f32::MIN_POSITIVE)) as u8; 3])
    });
    imageops::resize(&picture, SIDE, SIDE, FilterType::Nearest)
}
