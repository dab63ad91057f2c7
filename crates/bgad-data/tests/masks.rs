//! Masks of a data set: one rule for all their values.

use std::fs;

use crate::common::{images, warned};
use crate::encode;
use bgad_data::{DataError, Dataset, Layout, Mask, MaskValues, Orientation};
use image::{
    DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage,
};
use tempfile::{TempDir, tempdir};

/// A data set whose masks, of 8 by 6 pixels, are these.
fn set(masks: &[DynamicImage]) -> (TempDir, Dataset) {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.png", "good/1.png"]);
    fs::create_dir_all(at.join("masks/dent")).unwrap();
    for (index, mask) in masks.iter().enumerate() {
        images(at, &[&format!("dent/{index}.png")]);
        mask.save(at.join(format!("masks/dent/{index}.png")))
            .unwrap();
    }
    let dataset = Layout::Folder.read(at, None).unwrap();
    (root, dataset)
}

/// A grey mask whose first pixels have these values, and the others 0.
fn grey(values: &[u8]) -> DynamicImage {
    let value = |x: u32, y: u32| values.get((y * 8 + x) as usize).copied().unwrap_or(0);
    GrayImage::from_fn(8, 6, |x, y| Luma([value(x, y)])).into()
}

fn rgba(pixels: &[[u8; 4]], others: [u8; 4]) -> DynamicImage {
    let pixel = |x: u32, y: u32| pixels.get((y * 8 + x) as usize).copied().unwrap_or(others);
    RgbaImage::from_fn(8, 6, |x, y| Rgba(pixel(x, y))).into()
}

/// The rule that is decided, and the number of marked pixels of each mask.
fn settled(masks: &[DynamicImage]) -> (MaskValues, Vec<usize>) {
    let (_root, mut dataset) = set(masks);
    let decision = dataset
        .settle_mask_values(&MaskValues::Auto)
        .unwrap()
        .unwrap();
    (decision.values, areas(&dataset))
}

fn areas(dataset: &Dataset) -> Vec<usize> {
    let masks = dataset.test.iter().filter(|sample| sample.mask.is_some());
    masks
        .map(|sample| sample.load_mask().unwrap().unwrap().area())
        .collect()
}

fn unclear(masks: &[DynamicImage]) -> String {
    let (root, mut dataset) = set(masks);
    let error = dataset.settle_mask_values(&MaskValues::Auto).unwrap_err();
    assert!(
        matches!(error, DataError::UnclearMaskValues { .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("--mask-values") && text.contains("masks"),
        "{text}"
    );
    assert!(text.contains(&root.path().display().to_string()), "{text}");
    // Nothing has changed, and the inspection gives the same result.
    let found = dataset.inspect();
    assert!(found.masks.unclear.unwrap().contains("--mask-values"));
    assert_eq!(found.masks.values, None);
    text
}

#[test]
fn values_that_allow_one_rule_are_read_by_it() {
    let half = MaskValues::Half;
    let nonzero = MaskValues::NonZero;
    assert_eq!(
        settled(&[grey(&[255, 255]), grey(&[255]), grey(&[])]),
        (half.clone(), vec![2, 1, 0])
    );
    assert_eq!(
        settled(&[grey(&[1, 1]), grey(&[1])]),
        (nonzero.clone(), vec![2, 1])
    );
    // Class numbers: a single one in one file, several in the others.
    let classes = [grey(&[1]), grey(&[1, 2]), grey(&[1, 5, 5]), grey(&[3])];
    assert_eq!(settled(&classes), (nonzero.clone(), vec![1, 2, 3, 1]));
    // Values from 255 down, as MVTec LOCO has them.
    assert_eq!(
        settled(&[grey(&[255, 254]), grey(&[249])]),
        (half.clone(), vec![2, 1])
    );
    // A part that is marked everywhere.
    assert_eq!(
        settled(&[grey(&[255; 48]), grey(&[255])]),
        (half.clone(), vec![48, 1])
    );
    // Soft edges around what is marked.
    let ramp: Vec<u8> = (1..12).map(|step| step * 22).chain([255; 20]).collect();
    let expected = ramp.iter().filter(|value| **value > 127).count();
    assert_eq!(
        settled(&[grey(&ramp), grey(&[255])]),
        (half, vec![expected, 1])
    );
}

#[test]
fn colours_on_black_are_marks() {
    let colour = |colours: &[[u8; 3]]| -> DynamicImage {
        let colour = |x: u32, y: u32| colours.get((y * 8 + x) as usize).copied().unwrap_or([0; 3]);
        RgbImage::from_fn(8, 6, |x, y| Rgb(colour(x, y))).into()
    };
    let pascal = [
        colour(&[[128, 0, 0]]),
        colour(&[[0, 64, 0], [64, 128, 192]]),
        colour(&[[0, 0, 255]]),
    ];
    assert_eq!(settled(&pascal), (MaskValues::NonZero, vec![1, 2, 1]));
    let red = [colour(&[[255, 0, 0]; 5]), colour(&[[255, 0, 0]])];
    assert_eq!(settled(&red), (MaskValues::NonZero, vec![5, 1]));
    // Colours on white have no black background.
    let on_white = |colours: &[[u8; 3]]| -> DynamicImage {
        let colour = |x: u32, y: u32| {
            colours
                .get((y * 8 + x) as usize)
                .copied()
                .unwrap_or([255; 3])
        };
        RgbImage::from_fn(8, 6, |x, y| Rgb(colour(x, y))).into()
    };
    assert!(unclear(&[on_white(&[[255, 0, 0]]), on_white(&[[0, 9, 200]])]).contains("black"));
}

#[test]
fn opacity_marks_where_it_varies() {
    for (ink, paper) in [
        ([255, 0, 0, 255], [0, 0, 0, 0]),
        ([255, 0, 0, 255], [255, 255, 255, 0]),
        ([0, 0, 0, 255], [0, 0, 0, 0]),
    ] {
        let masks = [rgba(&[ink; 3], paper), rgba(&[ink], paper)];
        assert_eq!(settled(&masks), (MaskValues::Alpha, vec![3, 1]));
    }
    // The same everywhere, it says nothing.
    let opaque = [rgba(&[[255, 255, 255, 255]], [0, 0, 0, 255])];
    assert_eq!(settled(&opaque), (MaskValues::Half, vec![1]));
    // Marks on black with transparent edges, as AITEX has them, or with nothing around.
    let edges = rgba(
        &[
            [255, 255, 255, 255],
            [255, 255, 255, 255],
            [200, 200, 200, 90],
        ],
        [0, 0, 0, 255],
    );
    assert_eq!(
        settled(&[edges, grey(&[255])]),
        (MaskValues::Half, vec![3, 1])
    );
    // Black and transparent parts, of a colour: which of the two marks?
    let both = rgba(&[[255, 0, 0, 255], [0, 0, 0, 255]], [255, 255, 255, 0]);
    assert!(unclear(&[both]).contains("transparent"));
    let ink = rgba(&[[255, 0, 0, 255]], [0, 0, 0, 0]);
    assert!(unclear(&[ink, grey(&[255])]).contains("without"));
}

#[test]
fn deep_masks_go_by_their_own_half() {
    let deep = |values: [u16; 3]| -> DynamicImage {
        let value = |x: u32, y: u32| values.get((y * 8 + x) as usize).copied().unwrap_or(0);
        DynamicImage::ImageLuma16(ImageBuffer::from_fn(8, 6, |x, y| Luma([value(x, y)])))
    };
    assert_eq!(
        settled(&[deep([1, 2, 3]), deep([1, 0, 0])]),
        (MaskValues::NonZero, vec![3, 1])
    );
    assert_eq!(
        settled(&[deep([65_535, 0, 40_000])]),
        (MaskValues::Half, vec![2])
    );
}

#[test]
fn values_that_allow_several_rules_are_asked_about() {
    let text = unclear(&[grey(&[1, 2]), grey(&[255])]);
    assert!(text.contains("0, 1, 2, 255"), "{text}");
    // Many classes and a 255 are no soft edge.
    let classes = grey(&(1..=20).chain([255; 20]).collect::<Vec<u8>>());
    assert!(unclear(&[classes]).contains("up to 255"));
    assert!(unclear(&[grey(&[76, 255])]).contains("0, 76, 255"));
    // As many values as a photograph has.
    let photograph = grey(&(1..=48).map(|index| index * 5).collect::<Vec<u8>>());
    assert!(unclear(&[photograph]).contains("more up to 240"));
}

#[test]
fn a_chosen_rule_is_the_rule() {
    let masks = [grey(&[1, 2, 76, 255]), grey(&[2, 128])];
    for (rule, expected) in [
        ("nonzero", [4, 2]),
        ("half", [1, 1]),
        ("above:75", [2, 1]),
        ("2", [1, 1]),
        ("1, 2,255", [3, 1]),
    ] {
        let (_root, mut dataset) = set(&masks);
        let rule: MaskValues = rule.parse().unwrap();
        dataset.settle_mask_values(&rule).unwrap();
        assert_eq!(areas(&dataset), expected, "{rule}");
        // It goes into files with the sample.
        let text = serde_json::to_string(&dataset.test).unwrap();
        let again: Vec<bgad_data::Sample> = serde_json::from_str(&text).unwrap();
        assert_eq!(again, dataset.test);
        assert_eq!(rule.to_string().parse::<MaskValues>().unwrap(), rule);
    }
    for wrong in ["", "some", "above:", "above:-1", "1,x", "70000"] {
        let error = wrong.parse::<MaskValues>().unwrap_err();
        assert!(error.to_string().contains("nonzero"), "{error}");
    }
}

#[test]
fn numbers_of_a_palette_can_be_chosen() {
    let root = tempdir().unwrap();
    let path = root.path().join("mask.png");
    let palette = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]].concat();
    let chunks: &[(&[u8; 4], &[u8])] = &[(b"PLTE", &palette)];
    fs::write(
        &path,
        encode::png((4, 2), (2, 3), chunks, &[&[0b0001_1011], &[0b1101_0000]]),
    )
    .unwrap();
    let marked = |rule: &str| {
        let rule = rule.parse().unwrap();
        let mask = Mask::load_as(&path, Orientation::Stored, &rule).unwrap();
        mask.pixels().to_vec()
    };
    assert_eq!(
        marked("nonzero"),
        [false, true, true, true, true, true, false, false]
    );
    assert_eq!(
        marked("1,3"),
        [false, true, false, true, true, true, false, false]
    );
    assert_eq!(
        marked("2"),
        [false, false, true, false, false, false, false, false]
    );
}

#[test]
fn the_rule_is_said() {
    let (_root, mut dataset) = set(&[grey(&[1, 2]), grey(&[3])]);
    let found = dataset.inspect();
    let rule = found.masks.values.unwrap();
    assert_eq!(rule.values, MaskValues::NonZero);
    assert!(
        rule.reason.contains("class numbers") && rule.reason.contains("0, 1, 2, 3"),
        "{}",
        rule.reason
    );
    assert!(found.masks.empty.is_empty());
    dataset.settle_mask_values(&MaskValues::Auto).unwrap();
    assert!(warned(&dataset, &["nonzero", "class numbers"]));
    // 0 and 255 are what everybody expects.
    let (_root, mut dataset) = set(&[grey(&[255])]);
    dataset.settle_mask_values(&MaskValues::Auto).unwrap();
    assert!(!warned(&dataset, &["rule"]));
}

#[test]
fn lossy_masks_are_read_as_soft_ones() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.png", "good/1.png"]);
    let drawn = GrayImage::from_fn(64, 48, |x, y| {
        Luma([if (20..40).contains(&x) && (10..30).contains(&y) {
            255
        } else {
            0
        }])
    });
    RgbImage::new(64, 48)
        .save({
            fs::create_dir_all(at.join("dent")).unwrap();
            at.join("dent/0.png")
        })
        .unwrap();
    fs::create_dir_all(at.join("masks/dent")).unwrap();
    let rotated = image::imageops::blur(&drawn, 1.5);
    let mut file = fs::File::create(at.join("masks/dent/0.jpg")).unwrap();
    DynamicImage::from(rotated)
        .write_to(&mut std::io::BufWriter::new(&mut file), ImageFormat::Jpeg)
        .unwrap();
    let mut dataset = Layout::Folder.read(at, None).unwrap();
    let decision = dataset
        .settle_mask_values(&MaskValues::Auto)
        .unwrap()
        .unwrap();
    assert_eq!(decision.values, MaskValues::Half);
    let area = areas(&dataset)[0];
    assert!((360..=440).contains(&area), "{area}");
}
