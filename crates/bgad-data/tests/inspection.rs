//! Inspection of data sets.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bgad_data::{AvailableMasks, Layout};
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma};
use tempfile::tempdir;

use crate::common::{image, images, mask, text};

/// A PNG of one pixel whose colours are looked up, written by hand: image has no encoder for it.
const PALETTE: [u8; 82] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x03, 0x00, 0x00, 0x00, 0x28, 0xcb, 0x34,
    0xbb, 0x00, 0x00, 0x00, 0x03, 0x50, 0x4c, 0x54, 0x45, 0x01, 0x02, 0x03, 0x0d, 0x87, 0x64, 0xd5,
    0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02,
    0x00, 0x01, 0x48, 0xaf, 0xa4, 0x71, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42,
    0x60, 0x82,
];

#[test]
fn everything_is_told() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "good/1.png",
            "good/2.jpg",
            "good/3.png",
            "good/4.bmp",
            "dent/5.png",
            "dent/6.png",
            "dent/7.png",
            "dent/8.png",
        ],
    );
    GrayImage::new(9, 9).save(at.join("good/grey.png")).unwrap();
    DynamicImage::ImageLumaA8(GrayAlphaImage::new(9, 9))
        .save(at.join("good/alpha.png"))
        .unwrap();
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::new(9, 9);
    deep.save(at.join("good/deep.png")).unwrap();
    std::fs::write(at.join("good/palette.png"), PALETTE).unwrap();
    text(at, "good/broken.png", "no image at all");
    text(at, "good/notes.txt", "");
    mask(at, "masks/dent/5.png", 8, 6);
    GrayImage::new(8, 6)
        .save(at.join("masks/dent/6.png"))
        .unwrap();
    mask(at, "masks/dent/7.png", 4, 4);
    mask(at, "masks/dent/9.png", 8, 6);

    let found = Layout::Folder.read(at, None).unwrap().inspect();
    assert_eq!(found.train, BTreeMap::from([("good".to_owned(), 6)]));
    assert_eq!(
        found.test,
        BTreeMap::from([("good".to_owned(), 3), ("dent".to_owned(), 4)])
    );
    let sizes = found.sizes.iter();
    let sizes: Vec<_> = sizes.map(|s| (s.width, s.height, s.images)).collect();
    assert_eq!(sizes, [(8, 6, 8), (9, 9, 3), (1, 1, 1)]);
    let modes = found.modes.iter();
    let modes: Vec<_> = modes
        .map(|m| (m.format.as_str(), m.mode.as_str(), m.bits, m.images))
        .collect();
    assert_eq!(modes[0], ("png", "rgb", 8, 6));
    for expected in [
        ("bmp", "rgb", 8, 1),
        ("jpeg", "rgb", 8, 1),
        ("png", "grey", 8, 1),
        ("png", "grey", 16, 1),
        ("png", "grey with alpha", 8, 1),
        ("png", "palette", 8, 1),
    ] {
        assert!(modes.contains(&expected), "{expected:?} in {modes:?}");
    }
    assert_eq!(found.modes.len(), 7);

    let paths = |names: &[&str]| {
        names
            .iter()
            .map(|name| at.join(name))
            .collect::<Vec<PathBuf>>()
    };
    let masks = &found.masks;
    assert_eq!((masks.available, masks.present), (AvailableMasks::Some, 3));
    assert_eq!(masks.missing, paths(&["dent/8.png"]));
    assert_eq!(masks.orphans, paths(&["masks/dent/9.png"]));
    assert_eq!(masks.empty, paths(&["dent/6.png"]));
    assert_eq!(masks.unusable.len(), 1);
    assert!(
        masks.unusable[0].reason.contains("4x4"),
        "{:?}",
        masks.unusable
    );
    assert_eq!(found.unreadable.len(), 1);
    assert!(found.unreadable[0].path.ends_with("good/broken.png"));
    assert_eq!(found.skipped.len(), 1);
    assert!(found.skipped[0].reason.contains("not an image by its name"));
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["masks"]["available"], "some");
    assert_eq!(json["test"]["dent"], 4);
}

#[test]
fn absent_images_are_told_apart_from_broken_ones() {
    let root = tempdir().unwrap();
    let at = root.path();
    image(at, "a.png");
    text(at, "c.png", "broken");
    text(
        at,
        "m.csv",
        "path,label,split\na.png,ok,train\nb.png,ok,train\nc.png,bad,test\n",
    );
    let found = Layout::Manifest
        .read(&at.join("m.csv"), None)
        .unwrap()
        .inspect();
    assert_eq!(found.absent, [at.join("b.png")]);
    assert_eq!(found.unreadable.len(), 1);
    assert_eq!(found.masks.available, AvailableMasks::None);
    assert!(found.masks.missing.is_empty());
}

#[test]
fn an_image_whose_end_is_missing_is_unreadable() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/1.png", "good/2.png"]);
    let pixels = GrayImage::from_fn(64, 64, |x, y| Luma([((x * 37) ^ (y * 91)) as u8]));
    let cut = at.join("good/cut.png");
    pixels.save(&cut).unwrap();
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let found = Layout::Folder.read(at, None).unwrap().inspect();
    let unreadable: Vec<_> = found.unreadable.iter().map(|file| &file.path).collect();
    assert_eq!(unreadable, [&cut]);
    assert_eq!(found.sizes[0].images, 2);
}
