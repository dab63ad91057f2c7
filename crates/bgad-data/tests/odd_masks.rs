//! Masks whose background is not black, whose defects cover most, or that a lossy format has changed.

use std::path::Path;

use bgad_data::{DataError, Dataset, Layout, Mask, MaskValues, Orientation};
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use tempfile::tempdir;

use crate::common::{images, warned};
use crate::encode::jpeg_with_exif;

const SIDE: u32 = 32;

/// Whether the defect covers the pixel.
fn is_marked(x: u32, y: u32) -> bool {
    (8..16).contains(&x) && (8..14).contains(&y)
}

fn grey(of: impl Fn(bool) -> u8) -> DynamicImage {
    GrayImage::from_fn(SIDE, SIDE, |x, y| Luma([of(is_marked(x, y))])).into()
}

fn colour(of: impl Fn(bool) -> [u8; 3]) -> DynamicImage {
    RgbImage::from_fn(SIDE, SIDE, |x, y| Rgb(of(is_marked(x, y)))).into()
}

/// A data set with these masks.
fn set(root: &Path, masks: &[DynamicImage], extension: &str) -> Dataset {
    images(root, &["good/0.png", "good/1.png"]);
    std::fs::create_dir_all(root.join("masks/dent")).unwrap();
    for (number, mask) in masks.iter().enumerate() {
        images(root, &[&format!("dent/{number}.png")]);
        let path = root.join(format!("masks/dent/{number}.{extension}"));
        mask.save(path).unwrap();
    }
    Layout::Folder.read(root, None).unwrap()
}

/// The rule decided on, or what was found instead.
fn decided(masks: &[DynamicImage], extension: &str, chosen: &str) -> Result<MaskValues, String> {
    let root = tempdir().unwrap();
    let mut dataset = set(root.path(), masks, extension);
    match dataset.settle_mask_values(&chosen.parse().unwrap()) {
        Ok(decision) => Ok(decision.unwrap().values),
        Err(DataError::UnclearMaskValues { found, .. }) => Err(found),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn black_on_white_is_asked_about() {
    let inverted = [grey(|marked| if marked { 0 } else { 255 }), grey(|_| 255)];
    let found = decided(&inverted, "png", "auto").unwrap_err();
    assert!(
        found.contains("--mask-values 0") && found.contains("black covers only 2 %"),
        "{found}"
    );
    let numbers = [grey(|marked| if marked { 0 } else { 1 })];
    assert!(
        decided(&numbers, "png", "auto")
            .unwrap_err()
            .contains("--mask-values 0")
    );
    // The user's choice is used without question.
    for rule in ["0", "half"] {
        decided(&inverted, "png", rule).unwrap();
    }
    let root = tempdir().unwrap();
    let mut dataset = set(root.path(), &inverted, "png");
    dataset.settle_mask_values(&"0".parse().unwrap()).unwrap();
    let dent = dataset.test.iter().find(|s| s.label.is_abnormal()).unwrap();
    assert_eq!(dent.load_mask().unwrap().unwrap().area(), 48);
    // A single large defect among small ones is one.
    let large = [
        grey(|_| 255),
        grey(|m| 255 * u8::from(m)),
        grey(|m| 255 * u8::from(m)),
    ];
    assert_eq!(decided(&large, "png", "auto").unwrap(), MaskValues::Half);
}

#[test]
fn colours_on_white_are_no_colours_on_black() {
    let red = colour(|marked| if marked { [255, 0, 0] } else { [255; 3] });
    for masks in [&[red.clone()][..], &[red.clone(), grey(|_| 255)]] {
        let found = decided(masks, "png", "auto").unwrap_err();
        assert!(
            found.contains("no black background and 1 colour"),
            "{found}"
        );
    }
    let on_black = colour(|marked| if marked { [255, 0, 0] } else { [0; 3] });
    assert_eq!(
        decided(&[on_black], "png", "auto").unwrap(),
        MaskValues::NonZero
    );
    // A file that is all of one colour shows where the defect is not, or that it is everywhere.
    assert!(decided(&[colour(|_| [255, 0, 0])], "png", "auto").is_ok());
}

#[test]
fn a_lossy_format_leaves_values_near_both_ends() {
    let stray = |marked: bool, x: u32| match marked {
        true => 255 - (x % 5) as u8,
        false => (x % 5) as u8,
    };
    let mask = GrayImage::from_fn(SIDE, SIDE, |x, y| Luma([stray(is_marked(x, y), x)]));
    assert_eq!(
        decided(&[mask.into()], "png", "auto").unwrap(),
        MaskValues::Half
    );
    let jpeg = grey(|marked| 255 * u8::from(marked));
    assert_eq!(decided(&[jpeg], "jpg", "auto").unwrap(), MaskValues::Half);
    // One class number and white could be read either way.
    let classes = [grey(u8::from), grey(|marked| 254 * u8::from(marked))];
    assert!(decided(&classes, "png", "auto").is_err());
}

#[test]
fn a_mask_for_itself_may_cover_most() {
    let root = tempdir().unwrap();
    let path = root.path().join("foreground.png");
    grey(|marked| if marked { 0 } else { 255 })
        .save(&path)
        .unwrap();
    assert_eq!(Mask::load(&path).unwrap().area(), 32 * 32 - 48);
}

#[test]
fn masks_that_cannot_be_read_decide_nothing() {
    let root = tempdir().unwrap();
    let mut dataset = set(root.path(), &[grey(|_| 0)], "png");
    std::fs::write(root.path().join("masks/dent/0.png"), b"").unwrap();
    let decision = dataset.settle_mask_values(&MaskValues::Auto).unwrap();
    assert!(
        decision
            .unwrap()
            .reason
            .contains("none of the masks can be read")
    );
}

#[test]
fn files_among_the_masks_that_are_no_images_are_told() {
    let root = tempdir().unwrap();
    set(root.path(), &[grey(|_| 0)], "png");
    std::fs::rename(
        root.path().join("masks/dent/0.png"),
        root.path().join("masks/dent/0.gif"),
    )
    .unwrap();
    let dataset = Layout::Folder.read(root.path(), None).unwrap();
    assert!(
        warned(&dataset, &["1 file skipped", "not an image by its name"]),
        "{:?}",
        dataset.warnings
    );
}

/// A JPEG with an orientation tag for a quarter turn.
fn turned_jpeg(path: &Path, width: u32, height: u32) {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 9]));
    image.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    std::fs::write(path, jpeg_with_exif(jpeg.get_ref(), 6)).unwrap();
}

#[test]
fn masks_of_images_that_are_to_be_turned_are_asked_about() {
    let root = tempdir().unwrap();
    let at = root.path();
    let mut dataset = set(at, &[grey(|marked| 255 * u8::from(marked))], "png");
    dataset.orient(Orientation::Stored);
    assert!(dataset.warnings.is_empty(), "{:?}", dataset.warnings);
    std::fs::remove_file(at.join("dent/0.png")).unwrap();
    turned_jpeg(&at.join("dent/0.jpg"), SIDE, SIDE);
    // A square image fits its mask either way.
    let read = |orientation| {
        let mut dataset = Layout::Folder.read(at, None).unwrap();
        dataset.orient(orientation);
        dataset
    };
    let stored = read(Orientation::Stored);
    assert!(warned(
        &stored,
        &["1 image with an orientation tag", "--orientation exif"]
    ));
    assert!(read(Orientation::Exif).warnings.is_empty());
    // Any other image fits only one way.
    turned_jpeg(&at.join("dent/0.jpg"), SIDE / 2, SIDE);
    grey(|_| 255)
        .crop_imm(0, 0, SIDE, SIDE / 2)
        .save(at.join("masks/dent/0.png"))
        .unwrap();
    let error = read(Orientation::Stored).verify().unwrap_err().to_string();
    assert!(error.ends_with("use --orientation exif"), "{error}");
    read(Orientation::Exif).verify().unwrap();
}
