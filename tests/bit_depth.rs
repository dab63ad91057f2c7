//! 10-bit images in 16-bit files give the same model as the same images in 8 bits.

use std::path::Path;

use bgad::{BitDepth, Dataset, Detector, Device, Layout, Model, Trainer, TrainerConfig};
use image::{DynamicImage, ImageBuffer, Rgb};

use crate::common::{self, write_parts};

fn settings() -> TrainerConfig {
    common::settings().with(|config| config.model = Model::Bgad)
}

/// Writes the images below `folder` with 16 bits per channel and values up to 1023.
fn deepen(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            deepen(&path);
            continue;
        }
        let image = image::open(&path).unwrap().to_rgb8();
        let deep = ImageBuffer::from_fn(image.width(), image.height(), |x, y| {
            Rgb(image
                .get_pixel(x, y)
                .0
                .map(|value| u16::from(value) * 4 + 3))
        });
        DynamicImage::ImageRgb16(deep).save(&path).unwrap();
    }
}

fn set(folder: &Path, deep: bool) -> Dataset {
    write_parts(folder);
    if deep {
        deepen(&folder.join("train"));
        deepen(&folder.join("test"));
    }
    Layout::Mvtec.read(folder, None).unwrap()
}

#[test]
fn the_depth_is_recognised_and_kept_with_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let plain = set(&folder.path().join("plain"), false);
    let deep = set(&folder.path().join("deep"), true);
    let of_plain = Trainer::new(settings()).run(&plain).unwrap();
    let of_deep = Trainer::new(settings()).run(&deep).unwrap();
    assert_eq!(of_plain.detector.description().config.input.bit_depth, None);
    let said = of_deep
        .warnings
        .iter()
        .filter(|text| text.contains("read as 10-bit"));
    assert_eq!(said.count(), 1, "{:?}", of_deep.warnings);
    assert_eq!(
        of_deep.evaluation.unwrap().image_auroc,
        of_plain.evaluation.unwrap().image_auroc
    );

    let file = folder.path().join("model.bgad");
    of_deep.detector.save(&file).unwrap();
    let detector = Detector::load(&file, &Device::flex()).unwrap();
    let input = &detector.description().config.input;
    assert_eq!(input.bit_depth, Some(BitDepth::new(10).unwrap()));
    let score = |detector: &Detector, dataset: &Dataset| {
        detector.predict_file(&dataset.test[0].path).unwrap().score
    };
    assert_eq!(score(&detector, &deep), score(&of_plain.detector, &plain));
    let [ours, theirs] = [(&detector, &deep), (&of_plain.detector, &plain)]
        .map(|(detector, dataset)| detector.evaluate(dataset).unwrap());
    assert_eq!(ours.aupro, theirs.aupro);
    assert!(ours.warnings.is_empty(), "{:?}", ours.warnings);

    // A model trained on 8-bit images has no depth for these, and the evaluation says so.
    let warnings = of_plain.detector.evaluate(&deep).unwrap().warnings;
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("input.bit_depth=10")),
        "{warnings:?}"
    );
}

#[test]
fn a_chosen_depth_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let deep = set(folder.path(), true);
    let mut config = settings();
    config.set("input.bit_depth", "12").unwrap();
    let training = Trainer::new(config.clone()).run(&deep).unwrap();
    let input = &training.detector.description().config.input;
    assert_eq!(input.bit_depth, Some(BitDepth::new(12).unwrap()));
    assert!(training.warnings.is_empty(), "{:?}", training.warnings);
    for wrong in ["7", "17", "ten"] {
        let error = config.set("input.bit_depth", wrong).unwrap_err();
        assert!(error.to_string().contains("8 to 16"), "{error}");
    }
}
