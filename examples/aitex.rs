//! AITEX: long images of fabric, cut into patches as they are read; one abnormal patch is trained on.
//!
//!     cargo run --release --example aitex -- aitex tf_efficientnet_b6.safetensors
//!
//! Without arguments it uses a few drawn images in the same layout.
#![allow(clippy::print_stdout)] // an example talks to a person

mod common;

use std::path::Path;

use bgad::{AnomalySelection, Layout, Model, RgbImage, Sample, load_image};
use common::{Example, Result, by_label};

fn main() -> Result {
    let example = Example::new("aitex", |parts, folder| {
        let (normal, abnormal) = by_label(parts);
        let masks: Vec<_> = abnormal.iter().flat_map(|sample| &sample.mask).collect();
        let masks = masks.iter().flat_map(|mask| mask.paths());
        let of = |samples: &[&Sample]| samples.iter().map(|s| s.path.clone()).collect::<Vec<_>>();
        let fabric = folder.join("NODefect_images/2306881-210020u");
        weave(of(&normal), &fabric.join("0001_000_05.png"))?;
        weave(of(&abnormal), &folder.join("Defect_images/0044_019_04.png"))?;
        weave(masks, &folder.join("Mask_images/0044_019_04_mask.png"))
    })?;
    let mut dataset = Layout::Aitex.read(&example.folder, None)?;
    dataset.choose_anomalies(&AnomalySelection::one(), 0)?;

    let training = example.train(&dataset, example.settings(Model::BgadFas))?;
    for result in training
        .evaluation
        .unwrap_or_default()
        .results
        .iter()
        .take(4)
    {
        println!(
            "{:.3}  {}  {}",
            result.score,
            result.defect_type,
            result.name()
        );
    }
    Ok(())
}

/// Joins images into one long image, each stretched to a patch.
fn weave(images: impl IntoIterator<Item = impl AsRef<Path>>, path: &Path) -> Result {
    let images = images.into_iter().map(|image| load_image(image.as_ref()));
    let images = images.collect::<std::result::Result<Vec<_>, _>>()?;
    let mut long = RgbImage::new(256 * images.len() as u32, 256);
    for (index, image) in images.iter().enumerate() {
        let filter = image::imageops::FilterType::Nearest;
        let patch = image::imageops::resize(image, 256, 256, filter);
        image::imageops::replace(&mut long, &patch, 256 * index as i64, 0);
    }
    std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(long.save(path)?)
}
