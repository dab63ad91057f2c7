//! Cameras' depths, recognised over a data set.

use std::fs;
use std::path::Path;

use crate::common::images;
use bgad_data::{BitDepth, Dataset, Layout, Sample};
use image::{DynamicImage, ImageBuffer, Luma, Rgb};
use tempfile::tempdir;

/// Saves an image of 16 bits whose largest value this is, at the right.
fn deep(root: &Path, name: &str, largest: u16) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let value = |x: u32| (u32::from(largest) * x / 7) as u16;
    let image = ImageBuffer::from_fn(8, 6, |x, _| Luma([value(x)]));
    DynamicImage::ImageLuma16(image).save(path).unwrap();
}

#[test]
fn a_depth_is_that_of_all_images_together() {
    for (largest, bits) in [
        (255, 8),
        (256, 10),
        (1023, 10),
        (1024, 12),
        (4095, 12),
        (16_383, 14),
        (16_384, 16),
        (65_535, 16),
    ] {
        let root = tempdir().unwrap();
        let at = root.path();
        // A dark one, and one that uses all of the depth.
        deep(at, "good/0.png", 100);
        deep(at, "good/1.tif", 90);
        deep(at, "dent/0.png", largest);
        images(at, &["good/2.png"]);
        let mut dataset = Layout::Folder.read(at, None).unwrap();
        let found = dataset.recognise_bit_depth().unwrap();
        assert_eq!((found.files, found.largest), (3, largest));
        assert_eq!(found.depth.bits(), bits);
        let told = dataset.inspect();
        assert_eq!(told.bit_depth.as_ref(), Some(&found));
        let said = told
            .warnings
            .iter()
            .any(|text| text.contains(&format!("read as {bits}-bit")));
        assert_eq!(said, bits < 16, "{:?}", told.warnings);

        dataset.set_bit_depth(found.depth);
        let brightest =
            |sample: &Sample| *sample.load_image().unwrap().as_raw().iter().max().unwrap();
        let defect = dataset
            .test
            .iter()
            .find(|sample| sample.label.is_abnormal())
            .unwrap();
        assert_eq!(u16::from(brightest(defect)), largest >> (bits - 8));
        let mut all = dataset.samples();
        assert!(all.all(|sample| sample.bit_depth == found.depth));
        // Images of 8 bits stay as they are.
        let plain = Sample {
            bit_depth: found.depth,
            ..Sample::normal(at.join("good/2.png"))
        };
        assert_eq!(
            plain.load_image().unwrap().get_pixel(0, 0).0,
            [90, 100, 110]
        );
    }
}

#[test]
fn colours_count_and_alpha_does_not() {
    let root = tempdir().unwrap();
    let at = root.path();
    fs::create_dir_all(at.join("good")).unwrap();
    let colour = ImageBuffer::from_pixel(8, 6, Rgb([5_u16, 1000, 7]));
    DynamicImage::ImageRgb16(colour)
        .save(at.join("good/0.png"))
        .unwrap();
    let clear = ImageBuffer::from_pixel(8, 6, image::LumaA([900_u16, 65_535]));
    DynamicImage::ImageLumaA16(clear)
        .save(at.join("good/1.png"))
        .unwrap();
    let dataset = Layout::Folder.read(at, None).unwrap();
    let found = dataset.recognise_bit_depth().unwrap();
    assert_eq!(
        (found.files, found.largest, found.depth.bits()),
        (2, 1000, 10)
    );
}

#[test]
fn sets_of_8_bits_have_no_depth_to_tell() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.png", "good/1.jpg", "dent/0.bmp"]);
    let dataset = Layout::Folder.read(at, None).unwrap();
    assert_eq!(dataset.recognise_bit_depth(), None);
    assert_eq!(dataset.inspect().bit_depth, None);
}

#[test]
fn a_depth_goes_into_files() {
    let depth = BitDepth::new(12).unwrap();
    let sample = Sample {
        bit_depth: depth,
        ..Sample::normal("a.png".into())
    };
    let text = serde_json::to_string(&sample).unwrap();
    assert!(text.contains("\"bit_depth\":12"), "{text}");
    assert_eq!(serde_json::from_str::<Sample>(&text).unwrap(), sample);
    let plain = serde_json::to_string(&Sample::normal("a.png".into())).unwrap();
    assert!(
        !plain.contains("bit_depth") && !plain.contains("mask_values"),
        "{plain}"
    );
    assert_eq!("10".parse::<BitDepth>().unwrap().bits(), 10);
    assert!("ten".parse::<BitDepth>().is_err());
}

fn depths(dataset: &Dataset) -> Vec<u8> {
    let depths = dataset.samples().map(|sample| sample.bit_depth.bits());
    depths.collect()
}

#[test]
fn a_depth_is_settled_once() {
    let root = tempdir().unwrap();
    let at = root.path();
    deep(at, "good/0.png", 100);
    deep(at, "good/1.png", 4000);
    deep(at, "dent/0.png", 900);
    let read = || Layout::Folder.read(at, None).unwrap();
    let settled = |dataset: &mut Dataset, chosen: Option<u8>| {
        let chosen = chosen.map(|bits| BitDepth::new(bits).unwrap());
        dataset.settle_bit_depth(chosen).map(BitDepth::bits)
    };
    let mut dataset = read();
    let before = dataset.warnings.len();
    assert_eq!(settled(&mut dataset, None), Some(12));
    assert_eq!(depths(&dataset), [12; 3]);
    let said = &dataset.warnings[before..];
    assert!(
        said.len() == 1 && said[0].contains("12-bit") && said[0].contains("input.bit_depth=16"),
        "{said:?}"
    );
    // What was settled stays, and so does a choice, without a word.
    assert_eq!(settled(&mut dataset, None), Some(12));
    let mut dataset = read();
    assert_eq!(settled(&mut dataset, Some(16)), Some(16));
    assert_eq!(depths(&dataset), [16; 3]);
    assert_eq!(dataset.warnings.len(), before);

    let root = tempdir().unwrap();
    images(root.path(), &["good/0.png", "good/1.jpg", "dent/0.bmp"]);
    let mut dataset = Layout::Folder.read(root.path(), None).unwrap();
    assert_eq!(settled(&mut dataset, None), None);
    assert!(dataset.warnings.is_empty());
}

#[test]
fn a_set_of_another_depth_than_the_model_is_said() {
    let root = tempdir().unwrap();
    let at = root.path();
    for index in 0..4 {
        deep(at, &format!("good/{index}.png"), 60_000);
    }
    deep(at, "dent/0.png", 900);
    for (of_model, bits, word) in [
        (Some(10), 10, Some("higher values become white")),
        (Some(16), 16, None),
        (None, 16, None),
    ] {
        let mut dataset = Layout::Folder.read(at, None).unwrap();
        let before = dataset.warnings.len();
        dataset.follow_bit_depth(of_model.map(|bits| BitDepth::new(bits).unwrap()));
        assert!(depths(&dataset).iter().all(|depth| *depth == bits));
        let said = dataset.warnings.get(before).map(String::as_str);
        assert_eq!(said.is_some(), word.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().contains(word.unwrap_or_default()));
    }
    for index in 0..4 {
        deep(at, &format!("good/{index}.png"), 800);
    }
    let mut dataset = Layout::Folder.read(at, None).unwrap();
    dataset.follow_bit_depth(None);
    let said = dataset.warnings.last().unwrap();
    assert!(said.contains("input.bit_depth=10"), "{said}");
}
