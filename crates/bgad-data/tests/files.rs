//! Untrusted image files, masks and their sizes.

use std::fs;
use std::path::Path;

use bgad_data::{DataError, Layout, Mask, Orientation, load_image, load_image_with};
use image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba,
    RgbaImage,
};
use tempfile::tempdir;

use crate::common;
use crate::encode;

/// An image whose compressed data spans some kilobytes.
fn busy() -> RgbImage {
    RgbImage::from_fn(64, 48, |x, y| {
        Rgb([
            (x * 37 + y * 11) as u8,
            (x * y * 7) as u8,
            (x * x + y) as u8,
        ])
    })
}

#[test]
fn an_image_that_makes_its_decoder_panic_is_an_error() {
    // From fuzzing: code lengths that image-webp 0.2.4 adds up beyond 16 bits.
    let folder = tempdir().unwrap();
    let path = folder.path().join("lengths.webp");
    fs::write(&path, include_bytes!("fixtures/lengths.webp")).unwrap();
    for orientation in [Orientation::Stored, Orientation::Exif] {
        let error = load_image_with(&path, orientation).unwrap_err();
        assert!(matches!(error, DataError::DamagedImage { .. }), "{error:?}");
        assert_names(&error, &path);
    }
}

fn assert_names(error: &DataError, path: &Path) {
    assert!(
        error
            .to_string()
            .contains(&*path.file_name().unwrap().to_string_lossy()),
        "{error}"
    );
}

#[test]
fn damaged_files_are_errors_that_name_them() {
    let root = tempdir().unwrap();
    let path = |name: &str| root.path().join(name);

    fs::write(path("text.png"), "this is text").unwrap();
    fs::write(path("empty.png"), "").unwrap();
    fs::create_dir(path("folder.png")).unwrap();
    for name in ["text.png", "empty.png", "folder.png"] {
        let error = load_image(&path(name)).unwrap_err();
        assert!(
            matches!(error, DataError::NotAnImage { .. } | DataError::Io { .. }),
            "{name}: {error:?}"
        );
        assert_names(&error, &path(name));
    }
    let error = load_image(&path("absent.png")).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }), "{error:?}");
    assert_names(&error, &path("absent.png"));

    for extension in ["png", "jpg", "bmp", "tif", "webp"] {
        let whole = path(&format!("whole.{extension}"));
        busy().save(&whole).unwrap();
        load_image(&whole).unwrap();
        let bytes = fs::read(&whole).unwrap();
        // Offsets into header and data; none may panic or pass for a complete image.
        for length in [
            1,
            4,
            10,
            30,
            bytes.len() / 3,
            bytes.len() / 2,
            bytes.len() * 9 / 10,
        ] {
            let cut = path(&format!("cut_{length}.{extension}"));
            fs::write(&cut, &bytes[..length]).unwrap();
            let error = load_image(&cut)
                .expect_err(&format!("{extension} cut at {length} of {}", bytes.len()));
            assert_names(&error, &cut);
            assert!(Mask::load(&cut).is_err());
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let root = tempdir().unwrap();
    for extension in ["png", "jpg", "bmp", "tif", "webp"] {
        let path = root.path().join(format!("image.{extension}"));
        busy().save(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        for index in (0..bytes.len().min(64)).chain((64..bytes.len()).step_by(97)) {
            let mut damaged = bytes.clone();
            damaged[index] ^= 0xff;
            fs::write(&path, &damaged).unwrap();
            // Either way is right; it must return.
            load_image_with(&path, Orientation::Exif).ok();
            Mask::load(&path).ok();
        }
    }
}

/// A PNG that claims a size and carries almost no data.
fn claimed_png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(RgbImage::new(1, 1))
        .write_to(
            &mut std::io::Cursor::new(&mut bytes),
            image::ImageFormat::Png,
        )
        .unwrap();
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = encode::crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    bytes
}

#[test]
fn decompression_bombs_are_refused() {
    let root = tempdir().unwrap();
    for (width, height) in [
        (100_000, 10),
        (10, 100_000),
        (16_384, 16_384),
        (u32::MAX >> 1, 1),
    ] {
        let path = root.path().join("bomb.png");
        fs::write(&path, claimed_png(width, height)).unwrap();
        let error = load_image(&path).unwrap_err();
        assert!(
            matches!(error, DataError::ImageTooLarge { .. }),
            "{width}x{height}: {error:?}"
        );
        assert_names(&error, &path);
    }
}

#[test]
fn colours_convert_as_pillow_does() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.png");
    let load = |image: DynamicImage| {
        image.save(&path).unwrap();
        load_image(&path).unwrap().get_pixel(0, 0).0
    };
    assert_eq!(
        load(RgbaImage::from_pixel(1, 1, Rgba([200, 100, 50, 0])).into()),
        [200, 100, 50]
    );
    assert_eq!(
        load(GrayImage::from_pixel(1, 1, Luma([77])).into()),
        [77; 3]
    );
    assert_eq!(
        load(GrayAlphaImage::from_pixel(1, 1, LumaA([77, 3])).into()),
        [77; 3]
    );
    let deep = ImageBuffer::from_pixel(1, 1, Luma([0x7fff_u16]));
    assert_eq!(load(DynamicImage::ImageLuma16(deep)), [0x7f; 3]);
    let deep = ImageBuffer::from_pixel(1, 1, Rgb([0xffff_u16, 0x0180, 0x00ff]));
    assert_eq!(load(DynamicImage::ImageRgb16(deep)), [255, 1, 0]);
}

#[test]
fn format_is_told_by_content() {
    let root = tempdir().unwrap();
    let path = root.path().join("really_a_png.jpg");
    busy()
        .save_with_format(&path, image::ImageFormat::Png)
        .unwrap();
    assert_eq!(load_image(&path).unwrap(), busy());
}

#[test]
fn masks_load_from_any_depth() {
    let root = tempdir().unwrap();
    let path = root.path().join("mask.png");
    let load = |image: DynamicImage| {
        image.save(&path).unwrap();
        Mask::load(&path).unwrap().pixels().to_vec()
    };
    let grey =
        |values: [u8; 3]| DynamicImage::from(GrayImage::from_raw(3, 1, values.to_vec()).unwrap());
    assert_eq!(load(grey([0, 128, 255])), [false, true, true]);
    assert_eq!(load(grey([0, 1, 0])), [false, true, false]);
    assert_eq!(load(grey([1, 2, 0])), [true, true, false]);
    let deep = |values: [u16; 3]| {
        DynamicImage::ImageLuma16(ImageBuffer::from_raw(3, 1, values.to_vec()).unwrap())
    };
    assert_eq!(load(deep([0, 1, 0])), [false, true, false]);
    assert_eq!(load(deep([0, 0xffff, 0x8000])), [false, true, true]);
    let colour = RgbImage::from_raw(3, 1, vec![255, 255, 255, 255, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(load(colour.into()), [true, true, false]);
}

#[test]
fn masks_resize() {
    let mask = Mask::new(4, 1, vec![false, true, false, false]).unwrap();
    // Centres of two pixels are at 1 and 3; torch takes 0 and 2.
    assert_eq!(mask.resize(2, 1).pixels(), [true, false]);
    assert_eq!(mask.to_feature_size(2, 1).pixels(), [false, false]);
    assert_eq!(mask.to_feature_size(8, 2).area(), 4);
    assert_eq!(mask.resize(4, 1), mask);
    assert!(Mask::empty(3, 2).is_empty());
    assert_eq!(Mask::full(3, 2).area(), 6);
    assert!(matches!(
        Mask::new(2, 2, vec![true]),
        Err(DataError::Size { .. })
    ));
}

#[test]
fn verify_compares_sizes() {
    let root = tempdir().unwrap();
    let at = root.path();
    common::images(
        at,
        &["train/good/0.png", "test/cut/0.png", "test/cut/1.png"],
    );
    common::mask(at, "ground_truth/cut/0_mask.png", 8, 6);
    common::mask(at, "ground_truth/cut/1_mask.png", 6, 8);
    let dataset = Layout::Mvtec.read(at, None).unwrap();
    match dataset.verify() {
        Err(
            error @ DataError::MaskSize {
                image_size: (8, 6),
                mask_size: (6, 8),
                ..
            },
        ) => {
            let text = error.to_string();
            assert!(
                text.contains("cut/1.png") && text.contains("1_mask.png") && text.contains("6x8"),
                "{text}"
            );
        }
        other => panic!("{other:?}"),
    }

    fs::write(at.join("ground_truth/cut/1_mask.png"), "text").unwrap();
    let error = dataset.verify().unwrap_err();
    assert!(error.to_string().contains("1_mask.png"), "{error}");

    common::mask(at, "ground_truth/cut/1_mask.png", 8, 6);
    fs::write(at.join("test/cut/0.png"), "text").unwrap();
    dataset
        .verify()
        .expect("unreadable images are left to load time");
}
