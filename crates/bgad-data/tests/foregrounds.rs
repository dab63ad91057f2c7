//! Foregrounds from a folder of masks, which are all read by one rule.

use std::path::Path;

use bgad_data::{
    CutPaste, DataError, Foreground, ForegroundError, Label, Mask, MaskValues, Region, RgbImage,
    Sample, Turn,
};
use image::{GrayImage, Luma, Rgb};
use tempfile::{TempDir, tempdir};

const WIDTH: u32 = 24;
const HEIGHT: u32 = 16;

fn normal() -> RgbImage {
    RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([90, 90, 90]))
}

/// A mask with these values in four columns, as many pixels each.
fn columns(values: [u8; 4]) -> GrayImage {
    GrayImage::from_fn(WIDTH, HEIGHT, |x, _| Luma([values[(x / 6) as usize]]))
}

/// A folder of masks, and settings that paste on their foregrounds.
fn folder(masks: &[(&str, GrayImage)]) -> (TempDir, CutPaste) {
    let root = tempdir().unwrap();
    for (name, mask) in masks {
        mask.save(root.path().join(name)).unwrap();
    }
    let settings = CutPaste {
        foreground: Foreground::Masks(root.path().to_owned()),
        ..CutPaste::default()
    };
    (root, settings)
}

fn of(settings: &CutPaste, image: &str) -> Result<Mask, DataError> {
    let sample = Sample::normal(image.into());
    let found = settings.foreground_of(&normal(), &sample);
    found.map(|mask| mask.expect("not the whole image"))
}

#[test]
fn one_rule_reads_all_masks_of_the_folder() {
    // Alone, the first could only be class numbers and the third only soft edges.
    let (_root, mut settings) = folder(&[
        ("0.png", columns([0, 1, 1, 2])),
        ("1.png", columns([0, 0, 2, 2])),
    ]);
    let decision = settings.settle_foreground().unwrap().unwrap();
    assert_eq!(decision.values, MaskValues::NonZero);
    assert!(decision.reason.contains("the values 0, 1, 2"));
    let column = (WIDTH * HEIGHT / 4) as usize;
    assert_eq!(of(&settings, "a/0.jpg").unwrap().area(), 3 * column);
    assert_eq!(of(&settings, "a/1.jpg").unwrap().area(), 2 * column);

    // Mixed values are no longer read by a rule for each file.
    let (root, mut settings) = folder(&[
        ("0.png", columns([0, 1, 1, 1])),
        ("1.png", columns([0, 0, 255, 255])),
    ]);
    let error = settings.settle_foreground().unwrap_err();
    assert!(matches!(
        error,
        DataError::Foreground(ForegroundError::Unclear { .. })
    ));
    let message = error.to_string();
    for part in [
        root.path().to_str().unwrap(),
        "the values 0, 1, 255",
        "cut_paste.foreground_values",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    for (rule, areas) in [("nonzero", [3, 2]), ("1,255", [3, 2]), ("above:0", [3, 2])] {
        settings.foreground_values = rule.parse().unwrap();
        assert_eq!(
            settings.settle_foreground().unwrap().unwrap().reason,
            "chosen"
        );
        for (name, area) in ["0.png", "1.png"].into_iter().zip(areas) {
            assert_eq!(of(&settings, name).unwrap().area(), area * column, "{rule}");
        }
    }
    settings.foreground_values = MaskValues::Half;
    assert_eq!(of(&settings, "1.png").unwrap().area(), 2 * column);
    let empty = of(&settings, "0.png").unwrap_err();
    assert!(matches!(
        empty,
        DataError::Foreground(ForegroundError::Empty { .. })
    ));
    assert!(empty.to_string().contains("by the rule half"), "{empty}");
}

#[test]
fn foregrounds_may_cover_most_of_their_images() {
    let (_root, mut settings) = folder(&[
        ("0.png", columns([0, 255, 255, 255])),
        ("1.png", columns([255; 4])),
    ]);
    let decision = settings.settle_foreground().unwrap().unwrap();
    assert_eq!(decision.values, MaskValues::Half);
    assert_eq!(of(&settings, "1.png").unwrap(), Mask::full(WIDTH, HEIGHT));
}

#[test]
fn masks_are_found_by_name_and_must_fit() {
    let (_root, mut settings) = folder(&[
        ("00.1.PNG", columns([0, 0, 0, 255])),
        ("empty.png", GrayImage::new(WIDTH, HEIGHT)),
        ("small.bmp", GrayImage::from_pixel(3, 3, Luma([255]))),
    ]);
    let unsettled = of(&settings, "00.1.png").unwrap_err();
    assert!(
        unsettled.to_string().contains("settle_foreground"),
        "{unsettled}"
    );
    settings.settle_foreground().unwrap();
    let area = (WIDTH * HEIGHT / 4) as usize;
    assert_eq!(of(&settings, "somewhere/00.1.jpg").unwrap().area(), area);
    let empty = of(&settings, "a/empty.png");
    assert!(matches!(
        empty,
        Err(DataError::Foreground(ForegroundError::Empty { .. }))
    ));
    let small = of(&settings, "a/small.png");
    assert!(matches!(small, Err(DataError::MaskSize { .. })));
    let missing = of(&settings, "a/other.jpg").unwrap_err();
    assert!(matches!(missing, DataError::FileMissing { .. }));
    assert!(missing.to_string().contains("a/other.jpg"), "{missing}");

    settings.foreground = Foreground::Off;
    assert!(settings.settle_foreground().unwrap().is_none());
    let whole = settings.foreground_of(&normal(), &Sample::normal("x".into()));
    assert!(whole.unwrap().is_none());
    for (folder, missing) in [
        (tempdir().unwrap().path().join("no"), true),
        (tempdir().unwrap().keep(), false),
    ] {
        settings.foreground = Foreground::Masks(folder.clone());
        let error = settings.settle_foreground().unwrap_err();
        let expected = match missing {
            true => matches!(error, DataError::FolderMissing { .. }),
            false => matches!(error, DataError::NoImages { .. }),
        };
        assert!(expected, "{error}");
        let _ = std::fs::remove_dir(folder);
    }
}

#[test]
fn parts_of_images_have_their_part_of_the_mask() {
    let (_root, mut settings) = folder(&[("0.png", columns([0, 0, 0, 255]))]);
    settings.settle_foreground().unwrap();
    let images = tempdir().unwrap();
    let path = images.path().join("0.png");
    normal().save(&path).unwrap();
    let part = |x: u32| Sample {
        region: Some(Region {
            x,
            y: 0,
            width: 12,
            height: HEIGHT,
        }),
        ..Sample::normal(path.clone())
    };
    let pixels = RgbImage::from_pixel(12, HEIGHT, Rgb([90, 90, 90]));
    let area = |x: u32| {
        settings
            .foreground_of(&pixels, &part(x))
            .unwrap()
            .unwrap()
            .area()
    };
    assert_eq!((area(0), area(12)), (0, (6 * HEIGHT) as usize));

    // Nothing is pasted beside the object: parts that show none of it are passed over.
    let defect = Mask::new(12, HEIGHT, (0..12 * HEIGHT).map(|i| i % 12 < 2).collect()).unwrap();
    let abnormal = RgbImage::from_pixel(12, HEIGHT, Rgb([250, 0, 0]));
    let parts = [part(0), part(12)];
    for seed in 0..20 {
        let pasted = settings
            .sample(&abnormal, &defect, &parts, (seed, 0, 0))
            .unwrap();
        let foreground = pasted.foreground.unwrap();
        let inside = pasted.mask.pixels().iter().zip(foreground.pixels());
        assert!(
            inside.clone().all(|(pasted, inside)| !pasted || *inside),
            "seed {seed}"
        );
    }
}

#[test]
fn a_foreground_turns_with_its_image() {
    let (_root, mut settings) = folder(&[("0.png", columns([0, 0, 0, 255]))]);
    settings.settle_foreground().unwrap();
    let images = tempdir().unwrap();
    let path = images.path().join("0.png");
    normal().save(&path).unwrap();
    let whole = Sample::normal(path);
    let region = Some(Region {
        x: 12,
        y: 0,
        width: 12,
        height: HEIGHT,
    });
    for region in [None, region] {
        for turn in [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            let sample = Sample {
                region,
                turn,
                ..whole.clone()
            };
            let image = sample.load_image().unwrap();
            let mask = settings.foreground_of(&image, &sample).unwrap().unwrap();
            let (width, height) = image.dimensions();
            assert_eq!((mask.width(), mask.height()), (width, height));
            assert_eq!(mask.area(), (6 * HEIGHT) as usize);
            // The marked columns are the last ones, then the lowest rows, and so on.
            let marks = |x: u32, y: u32| mask.pixels()[(y * width + x) as usize];
            let (first, last) = (marks(0, 0), marks(width - 1, height - 1));
            let ends = matches!(turn, Turn::None | Turn::Quarter);
            assert_eq!((first, last), (!ends, ends), "{turn:?}");
        }
    }
}

#[test]
fn a_sheet_settles_what_is_open() {
    let root = tempdir().unwrap();
    let save = |name: &str, mask: &GrayImage| mask.save(root.path().join(name)).unwrap();
    for name in ["0.png", "1.png", "bad.png"] {
        normal().save(root.path().join(name)).unwrap();
    }
    save("mask.png", &columns([0, 0, 0, 1]));
    let (_masks, settings) = folder(&[
        ("0.png", columns([0, 1, 1, 1])),
        ("1.png", columns([0, 0, 1, 1])),
    ]);
    let of = |name: &str| Sample::normal(root.path().join(name));
    let mask = root.path().join("mask.png");
    let abnormal = Sample::abnormal(root.path().join("bad.png"), "dent", Some(mask.into()));
    assert_eq!(abnormal.label, Label::Abnormal);
    let dataset = bgad_data::Dataset {
        train: vec![of("0.png"), of("1.png"), abnormal],
        ..Default::default()
    };
    let sheet = bgad_data::contact_sheet(&dataset, &settings, 2, 0, 8).unwrap();
    assert_eq!(sheet.width(), 2 * 196 + 4);
}

#[test]
fn masks_added_later_are_read_by_the_rule_of_the_others() {
    let root = tempdir().unwrap();
    let sample = |name: &str, values: [u8; 4]| {
        let path = root.path().join(name);
        columns(values).save(&path).unwrap();
        Sample::abnormal(Path::new("image.png").to_owned(), "dent", Some(path.into()))
    };
    let mut dataset = bgad_data::Dataset {
        test: vec![sample("0.png", [0, 1, 1, 2]), sample("1.png", [0, 0, 2, 2])],
        ..Default::default()
    };
    dataset.settle_open_masks().unwrap();
    // Alone, this file would mark its values above half.
    dataset.test.push(sample("2.png", [0, 0, 1, 255]));
    dataset.settle_open_masks().unwrap();
    let column = (WIDTH * HEIGHT / 4) as usize;
    let areas = dataset
        .test
        .iter()
        .map(|s| s.load_mask().unwrap().unwrap().area() / column);
    assert_eq!(areas.collect::<Vec<_>>(), [3, 2, 2]);

    // Several rules so far: the new masks get one of their own.
    dataset.test[0].mask_values = MaskValues::Half;
    dataset.test.push(sample("3.png", [0, 0, 0, 255]));
    dataset.settle_open_masks().unwrap();
    assert_eq!(dataset.test[3].mask_values, MaskValues::Half);
    assert_eq!(dataset.test[1].mask_values, MaskValues::NonZero);
}
