//! Every kind of image file that is read, one test a kind.

use std::fs;
use std::path::{Path, PathBuf};

use bgad_data::{
    DataError, Layout, Mask, Orientation, RgbImage, Sample, load_image, load_image_with,
};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use tempfile::tempdir;

use crate::encode;

/// Loads what these bytes say.
fn load(bytes: &[u8]) -> RgbImage {
    let root = tempdir().unwrap();
    // The name says nothing.
    let path = root.path().join("image");
    fs::write(&path, bytes).unwrap();
    load_image(&path).unwrap()
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn colours() -> RgbImage {
    RgbImage::from_fn(9, 8, |x, y| {
        Rgb([(x * 28) as u8, (y * 36) as u8, (x * y * 4) as u8])
    })
}

#[test]
fn lossless_formats_keep_every_value() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
    ] {
        assert_eq!(load(&encoded(colours(), format)), colours(), "{format:?}");
    }
}

#[test]
fn jpeg_comes_close() {
    let smooth = RgbImage::from_fn(32, 24, |x, y| Rgb([(x * 7) as u8, (y * 9) as u8, 90]));
    let found = load(&encoded(smooth.clone(), ImageFormat::Jpeg));
    assert_eq!(found.dimensions(), (32, 24));
    let difference = found.as_raw().iter().zip(smooth.as_raw());
    let sum: u32 = difference.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    assert!(sum / (32 * 24 * 3) < 4, "{sum}");
}

#[test]
fn grey_is_copied_to_three_channels() {
    let grey = GrayImage::from_fn(8, 8, |x, y| Luma([(x * 30 + y) as u8]));
    let expected = RgbImage::from_fn(8, 8, |x, y| Rgb([(x * 30 + y) as u8; 3]));
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::WebP] {
        assert_eq!(load(&encoded(grey.clone(), format)), expected, "{format:?}");
    }
    let jpeg = load(&encoded(grey, ImageFormat::Jpeg));
    assert!(jpeg.pixels().all(|p| p.0[0] == p.0[1] && p.0[1] == p.0[2]));
    // One bit a pixel: 0b10110000 and 0b01000000.
    let bits = encode::png((4, 2), (1, 0), &[], &[&[0xb0], &[0x40]]);
    let values: Vec<u8> = load(&bits).pixels().map(|p| p.0[0]).collect();
    assert_eq!(values, [255, 0, 255, 255, 0, 255, 0, 0]);
}

#[test]
fn alpha_is_dropped() {
    let grey = ImageBuffer::from_fn(8, 8, |x, y| LumaA([(x * 9) as u8, (y * 30) as u8]));
    let expected = RgbImage::from_fn(8, 8, |x, _| Rgb([(x * 9) as u8; 3]));
    assert_eq!(load(&encoded(grey, ImageFormat::Png)), expected);
    let colour = ImageBuffer::from_fn(9, 8, |x, y| {
        let [red, green, blue] = colours().get_pixel(x, y).0;
        Rgba([red, green, blue, (x * y) as u8])
    });
    for format in [
        ImageFormat::Png,
        ImageFormat::Tiff,
        ImageFormat::WebP,
        ImageFormat::Bmp,
    ] {
        assert_eq!(
            load(&encoded(colour.clone(), format)),
            colours(),
            "{format:?}"
        );
    }
}

#[test]
fn palettes_are_looked_up() {
    let palette = [[10, 20, 30], [200, 100, 0], [0, 0, 255], [9, 8, 7]];
    let bytes: Vec<u8> = palette.concat();
    let expected: Vec<[u8; 3]> = [0, 1, 2, 3, 1, 0].map(|i: usize| palette[i]).to_vec();
    let pixels = |bytes: &[u8]| -> Vec<[u8; 3]> { load(bytes).pixels().map(|p| p.0).collect() };
    let chunks: &[(&[u8; 4], &[u8])] = &[(b"PLTE", &bytes)];
    let of_8_bits = encode::png((3, 2), (8, 3), chunks, &[&[0, 1, 2], &[3, 1, 0]]);
    assert_eq!(pixels(&of_8_bits), expected);
    // Two bits an index, 0 1 2 and 3 1 0; some colours are transparent.
    let chunks: &[(&[u8; 4], &[u8])] = &[(b"PLTE", &bytes), (b"tRNS", &[0, 128])];
    let of_2_bits = encode::png((3, 2), (2, 3), chunks, &[&[0b0001_1000], &[0b1101_0000]]);
    assert_eq!(pixels(&of_2_bits), expected);
    let bmp = encode::palette_bmp((3, 2), &palette, &[0, 1, 2, 3, 1, 0]);
    assert_eq!(pixels(&bmp), expected);
}

#[test]
fn of_16_bits_the_upper_8_are_kept() {
    let grey = ImageBuffer::from_fn(4, 1, |x, _| {
        Luma([[0_u16, 0x00ff, 0x7fff, 0xffff][x as usize]])
    });
    let with_alpha = ImageBuffer::from_fn(4, 1, |x, _| LumaA([grey.get_pixel(x, 0).0[0], 5]));
    let colour = ImageBuffer::from_fn(4, 1, |x, _| {
        Rgb([grey.get_pixel(x, 0).0[0], 0x0180, 0xfe00])
    });
    let colour_with_alpha = ImageBuffer::from_fn(4, 1, |x, _| {
        let [red, green, blue] = colour.get_pixel(x, 0).0;
        Rgba([red, green, blue, 3])
    });
    let reds = [0, 0, 0x7f, 0xff];
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let grey = load(&encoded(DynamicImage::ImageLuma16(grey.clone()), format));
        assert_eq!(grey.as_raw()[..], reds.map(|v| [v; 3]).concat());
        let images = [
            DynamicImage::ImageRgb16(colour.clone()),
            DynamicImage::ImageRgba16(colour_with_alpha.clone()),
        ];
        for image in images {
            assert_eq!(
                load(&encoded(image, format)).as_raw()[..],
                reds.map(|v| [v, 1, 0xfe]).concat()
            );
        }
    }
    let found = load(&encoded(
        DynamicImage::ImageLumaA16(with_alpha),
        ImageFormat::Png,
    ));
    assert_eq!(found.as_raw()[..], reds.map(|v| [v; 3]).concat());
}

#[test]
fn cmyk_jpeg_has_pillows_colours() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in ["cmyk", "cmyk_bare"] {
        let found = load_image(&folder.join(name).with_extension("jpg")).unwrap();
        let expected = fs::read(folder.join(name).with_extension("rgb")).unwrap();
        assert_eq!(found.dimensions(), (24, 16));
        let pairs = found.as_raw().iter().zip(&expected);
        let largest = pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        // The inverse transforms of two decoders round differently.
        assert!(largest <= 2, "{name}: {largest}");
    }
}

/// Six blocks of one colour each, so that a turned image is told from all others.
fn blocks() -> (RgbImage, [u8; 6]) {
    let values = [10, 60, 110, 160, 210, 250];
    let block = |x: u32, y: u32| values[(y / 8 * 2 + x / 8) as usize];
    (
        RgbImage::from_fn(16, 24, |x, y| Rgb([block(x, y); 3])),
        values,
    )
}

/// The values in the middle of each block of 8 by 8 pixels.
fn seen(image: &RgbImage) -> Vec<u8> {
    let rows = (0..image.height() / 8).map(|row| row * 8 + 4);
    rows.flat_map(|y| (0..image.width() / 8).map(move |x| (x * 8 + 4, y)))
        .map(|(x, y)| image.get_pixel(x, y).0[0])
        .collect()
}

#[test]
fn orientation_tags_are_applied_where_asked_for() {
    let root = tempdir().unwrap();
    let path = root.path().join("image");
    let (image, [a, b, c, d, e, f]) = blocks();
    let jpeg = encoded(image, ImageFormat::Jpeg);
    let stored = [a, b, c, d, e, f];
    // Rows of what a viewer shows for each value of the tag.
    let shown = [
        ((16, 24), [a, b, c, d, e, f]),
        ((16, 24), [b, a, d, c, f, e]),
        ((16, 24), [f, e, d, c, b, a]),
        ((16, 24), [e, f, c, d, a, b]),
        ((24, 16), [a, c, e, b, d, f]),
        ((24, 16), [e, c, a, f, d, b]),
        ((24, 16), [f, d, b, e, c, a]),
        ((24, 16), [b, d, f, a, c, e]),
    ];
    let close = |found: Vec<u8>, expected: [u8; 6]| {
        found.len() == 6 && found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 4)
    };
    for (tag, (size, expected)) in (1..).zip(shown) {
        fs::write(&path, encode::jpeg_with_exif(&jpeg, tag)).unwrap();
        let as_stored = load_image(&path).unwrap();
        assert!(close(seen(&as_stored), stored), "tag {tag}");
        let turned = load_image_with(&path, Orientation::Exif).unwrap();
        assert_eq!(turned.dimensions(), size, "tag {tag}");
        assert!(
            close(seen(&turned), expected),
            "tag {tag}: {:?}",
            seen(&turned)
        );
        let sample = Sample {
            orientation: Orientation::Exif,
            ..Sample::normal(path.clone())
        };
        assert_eq!(sample.dimensions().unwrap(), size, "tag {tag}");
        assert_eq!(sample.load_image().unwrap(), turned);
    }
    // A tag that says nothing sensible is none.
    fs::write(&path, encode::jpeg_with_exif(&jpeg, 77)).unwrap();
    let turned = load_image_with(&path, Orientation::Exif).unwrap();
    assert!(close(seen(&turned), stored));
}

#[test]
fn png_and_tiff_are_turned_too() {
    let root = tempdir().unwrap();
    let path = root.path().join("image");
    let exif = encode::exif(6);
    let rows: &[&[u8]] = &[&[1, 2, 3], &[4, 5, 6]];
    let png = encode::png((3, 2), (8, 0), &[(b"eXIf", &exif)], rows);
    let tiff = encode::tiff((3, 2), 6, &rows.concat());
    for bytes in [png, tiff] {
        fs::write(&path, bytes).unwrap();
        let values = |orientation| -> Vec<u8> {
            let image = load_image_with(&path, orientation).unwrap();
            image.pixels().map(|p| p.0[0]).collect()
        };
        assert_eq!(values(Orientation::Stored), [1, 2, 3, 4, 5, 6]);
        assert_eq!(values(Orientation::Exif), [4, 1, 5, 2, 6, 3]);
    }
}

#[test]
fn masks_go_by_their_own_tag() {
    let root = tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::create_dir_all(at("train/good")).unwrap();
    fs::create_dir_all(at("test/cut")).unwrap();
    fs::create_dir_all(at("ground_truth/cut")).unwrap();
    let jpeg = encoded(RgbImage::new(16, 24), ImageFormat::Jpeg);
    fs::write(at("train/good/0.jpg"), &jpeg).unwrap();
    fs::write(at("test/cut/0.jpg"), encode::jpeg_with_exif(&jpeg, 6)).unwrap();
    // Drawn over the upright image, which is 24 by 16 pixels.
    let mut drawn = GrayImage::new(24, 16);
    drawn.put_pixel(23, 0, Luma([255]));
    drawn.save(at("ground_truth/cut/0_mask.png")).unwrap();
    let mut dataset = Layout::Mvtec.read(root.path(), None).unwrap();
    assert!(matches!(dataset.verify(), Err(DataError::MaskSize { .. })));
    dataset.orient(Orientation::Exif);
    dataset.verify().unwrap();
    let mask = dataset.test[0].load_mask().unwrap().unwrap();
    assert!(mask.pixels()[23] && mask.area() == 1);
}

#[test]
fn names_may_be_in_any_case_and_script_and_links() {
    let root = tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let names = [
        "gut/Ä Öl.PNG",
        "gut/欠陥なし/正常 1.JpG",
        "gut/нормальный/б.TIFF",
        "gut/a/b/c/d.WebP",
        "gut/e.Bmp",
    ];
    for name in names {
        fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        let format = ImageFormat::from_path(at(&name.to_lowercase())).unwrap();
        fs::write(at(name), encoded(colours(), format)).unwrap();
    }
    fs::create_dir_all(at("déchirure")).unwrap();
    fs::write(
        at("déchirure/é.JPEG"),
        encoded(colours(), ImageFormat::Jpeg),
    )
    .unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(at("gut/e.Bmp"), at("déchirure/lien.bmp")).unwrap();
    let folders = bgad_data::FolderNames {
        normal: vec![PathBuf::from("gut")],
        ..Default::default()
    };
    let dataset = bgad_data::FolderLayout::discover_named(root.path(), &folders).unwrap();
    let dataset = dataset.read().unwrap();
    let (normal, abnormal): (Vec<_>, Vec<_>) = dataset
        .samples()
        .partition(|sample| !sample.label.is_abnormal());
    assert_eq!(normal.len(), names.len());
    assert_eq!(abnormal.len(), if cfg!(unix) { 2 } else { 1 });
    assert!(
        abnormal
            .iter()
            .all(|sample| sample.defect_type == "déchirure")
    );
    for sample in dataset.samples() {
        assert_eq!(
            sample.load_image().unwrap().dimensions(),
            (9, 8),
            "{sample:?}"
        );
    }
}

#[test]
fn masks_may_be_stored_in_any_way() {
    let root = tempdir().unwrap();
    let path = root.path().join("mask");
    let marks = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        Mask::load(&path).unwrap().pixels().to_vec()
    };
    let grey = |values: [u8; 4]| GrayImage::from_raw(4, 1, values.to_vec()).unwrap();
    let expected = [false, true, true, false];
    for format in [
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
    ] {
        assert_eq!(
            marks(&encoded(grey([0, 1, 1, 0]), format)),
            expected,
            "0 and 1"
        );
        assert_eq!(
            marks(&encoded(grey([0, 255, 255, 0]), format)),
            expected,
            "0 and 255"
        );
        assert_eq!(
            marks(&encoded(grey([0, 128, 255, 0]), format)),
            expected,
            "not quite white"
        );
        let colour = DynamicImage::from(grey([0, 255, 255, 0])).into_rgb8();
        assert_eq!(marks(&encoded(colour, format)), expected, "RGB");
    }
    let one_bit = encode::png((4, 1), (1, 0), &[], &[&[0b0110_0000]]);
    assert_eq!(marks(&one_bit), expected, "one bit a pixel");
    let chunks: &[(&[u8; 4], &[u8])] = &[(b"PLTE", &[0, 0, 0, 255, 255, 255])];
    let palette = encode::png((4, 1), (8, 3), chunks, &[&[0, 1, 1, 0]]);
    assert_eq!(marks(&palette), expected, "palette");
    let deep = ImageBuffer::from_raw(4, 1, vec![0_u16, 0xffff, 0x8000, 0]).unwrap();
    let deep = encoded(DynamicImage::ImageLuma16(deep), ImageFormat::Png);
    assert_eq!(marks(&deep), expected, "16 bits");
}

#[test]
fn sizes_from_8_to_16384_are_read() {
    for (width, height) in [(8, 8), (16_384, 8), (8, 16_384)] {
        let image = GrayImage::from_fn(width, height, |x, y| Luma([(x ^ y) as u8]));
        let found = load(&encoded(image, ImageFormat::Png));
        assert_eq!(found.dimensions(), (width, height));
        let last = found.get_pixel(width - 1, height - 1).0;
        assert_eq!(last, [((width - 1) ^ (height - 1)) as u8; 3]);
    }
    let root = tempdir().unwrap();
    let path = root.path().join("image");
    for (width, height) in [(16_385, 8), (8, 16_385)] {
        let image = GrayImage::new(width, height);
        fs::write(&path, encoded(image, ImageFormat::Png)).unwrap();
        let error = load_image(&path).unwrap_err();
        assert!(
            matches!(error, DataError::ImageTooLarge { .. }),
            "{error:?}"
        );
    }
}
