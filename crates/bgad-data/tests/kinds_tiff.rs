//! Kinds of TIFF: read rightly, or refused by their true reason.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tiff::Tiff;
use bgad_data::{BitDepth, DataError, ImageReading, load_image, load_image_as};
use tempfile::tempdir;

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    folder.join(name)
}

/// The pixels in a file of these bytes, or the error.
fn load(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    let root = tempdir().unwrap();
    let path = root.path().join("image");
    fs::write(&path, bytes).unwrap();
    load_image(&path).map(|image| image.into_raw())
}

/// A value of 8 bits for each place and channel.
fn value(x: u32, y: u32, channel: u16) -> u64 {
    u64::from((x * 11 + y * 17 + u32::from(channel) * 60) % 256)
}

fn expected(size: (u32, u32), channels: u16) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..size.1 {
        for x in 0..size.0 {
            let channel = |index: u16| value(x, y, if channels == 1 { 0 } else { index }) as u8;
            pixels.extend([0, 1, 2].map(channel));
        }
    }
    pixels
}

const SIZE: (u32, u32) = (21, 18);

#[test]
fn every_arrangement_of_pixels_is_read() {
    for big in [false, true] {
        for big_endian in [false, true] {
            for tiles in [None, Some((16, 16)), Some((32, 32))] {
                for planar in [false, true] {
                    for (bits, samples) in [(8, 1), (8, 2), (8, 3), (8, 4), (16, 1), (16, 3)] {
                        let tiff = Tiff {
                            big,
                            big_endian,
                            tiles,
                            planar,
                            ..Tiff::new(SIZE, bits, samples)
                        };
                        let bytes = tiff.write(&|x, y, c| value(x, y, c) << (bits - 8));
                        let channels = if samples < 3 { 1 } else { 3 };
                        let what =
                            format!("{big} {big_endian} {tiles:?} {planar} {bits} {samples}");
                        assert_eq!(
                            load(&bytes).expect(&what),
                            expected(SIZE, channels),
                            "{what}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn packed_depths_are_brought_to_8_bits() {
    for bits in [1, 2, 4] {
        let tiff = Tiff::new(SIZE, bits, 1);
        let most = (1 << bits) - 1;
        let bytes = tiff.write(&|x, y, _| u64::from(x + y) % (most + 1));
        let pixels = load(&bytes).unwrap();
        for (x, y) in [(0_u32, 0_u32), (1, 0), (5, 3), (20, 17)] {
            let found = pixels[3 * (y * 21 + x) as usize];
            assert_eq!(
                u64::from(found),
                u64::from(x + y) % (most + 1) * 255 / most,
                "{bits}"
            );
        }
    }
    for bits in [10, 12, 14] {
        let tiff = Tiff::new(SIZE, bits, 1);
        let bytes = tiff.write(&|x, y, c| value(x, y, c) << (bits - 8));
        assert_eq!(load(&bytes).unwrap(), expected(SIZE, 1), "{bits}");
    }
}

#[test]
fn white_may_be_zero_and_palettes_are_looked_up() {
    let inverted = Tiff {
        photometric: 0,
        ..Tiff::new(SIZE, 8, 1)
    };
    let bytes = inverted.write(&|x, y, c| 255 - value(x, y, c));
    assert_eq!(load(&bytes).unwrap(), expected(SIZE, 1));
    let colours: Vec<[u16; 3]> = (0..16).map(|i| [i * 16, 255 - i, i * 3]).collect();
    for (bits, scale) in [(4, 257), (4, 1)] {
        let tiff = Tiff {
            photometric: 3,
            palette: colours.iter().map(|c| c.map(|part| part * scale)).collect(),
            ..Tiff::new(SIZE, bits, 1)
        };
        let bytes = tiff.write(&|x, y, _| u64::from(x * y) % 16);
        let pixels = load(&bytes).unwrap();
        for (pixel, index) in pixels.chunks(3).zip(0_usize..) {
            let colour = colours[(index % 21) * (index / 21) % 16];
            assert_eq!(pixel, colour.map(|part| part as u8), "{scale}");
        }
    }
}

/// The bits of a float.
fn float(bits: u16, value: f64) -> u64 {
    match bits {
        16 => u64::from(half(value)),
        32 => u64::from((value as f32).to_bits()),
        _ => value.to_bits(),
    }
}

/// A float of 16 bits, of values from 0 to 1, cut off.
fn half(value: f64) -> u16 {
    let bits = (value as f32).to_bits();
    let exponent = (bits >> 23) as i32 - 127 + 15;
    if exponent <= 0 {
        return 0;
    }
    (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16
}

#[test]
fn floats_from_0_to_1_are_read_and_others_refused() {
    for bits in [16, 32, 64] {
        for samples in [1, 3] {
            let tiff = Tiff {
                format: 3,
                ..Tiff::new(SIZE, bits, samples)
            };
            let bytes = tiff.write(&|x, y, c| float(bits, value(x, y, c) as f64 / 255.0));
            let channels = if samples < 3 { 1 } else { 3 };
            let found = load(&bytes).unwrap();
            // 16 bits keep 11 of a value.
            let pairs = found.iter().zip(expected(SIZE, channels));
            let largest = pairs.map(|(a, b)| a.abs_diff(b)).max().unwrap();
            assert!(largest <= u8::from(bits == 16), "{bits}: {largest}");
        }
    }
    for (wrong, part) in [
        (255.0, "255"),
        (1.01, "1.01"),
        (-0.5, "-0.5"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
    ] {
        for samples in [1, 3] {
            let tiff = Tiff {
                format: 3,
                ..Tiff::new(SIZE, 32, samples)
            };
            let at = |x, y| if (x, y) == (20, 17) { wrong } else { 0.5 };
            let error = load(&tiff.write(&|x, y, _| float(32, at(x, y)))).unwrap_err();
            assert!(matches!(error, DataError::UnreadKind { .. }), "{error:?}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

#[test]
fn compressions_are_undone() {
    for (name, expected) in [
        ("g3_1d.tif", "two.rgb"),
        ("g3_2d.tif", "two.rgb"),
        ("g3_fill.tif", "two.rgb"),
        ("g4.tif", "two.rgb"),
        ("g4_reversed.tif", "two.rgb"),
        ("rle.tif", "two.rgb"),
        ("rle_words.tif", "two.rgb"),
        ("palette_lzw.tif", "palette.rgb"),
        ("packbits.tif", "rgb.rgb"),
        ("lzw_difference.tif", "rgb.rgb"),
        ("float_difference.tif", "rgb.rgb"),
        ("big_planar_tiles.tif", "rgb.rgb"),
        ("cmyk.tif", "rgb.rgb"),
    ] {
        let found = load_image(&fixture(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.dimensions(), SIZE);
        assert!(
            found.as_raw()[..] == fs::read(fixture(expected)).unwrap(),
            "{name}"
        );
    }
    let found = load_image(&fixture("jpeg.tif")).unwrap();
    let expected = fs::read(fixture("jpeg.tif.rgb")).unwrap();
    let pairs = found.as_raw().iter().zip(expected);
    assert!(pairs.map(|(a, b)| a.abs_diff(b)).max().unwrap() <= 3);
}

#[test]
fn other_kinds_are_refused_by_their_reason() {
    let of = |change: &dyn Fn(&mut Tiff)| {
        let mut tiff = Tiff::new(SIZE, 8, 1);
        change(&mut tiff);
        tiff.write(&|_, _, _| 0)
    };
    for (bytes, part) in [
        (fs::read(fixture("zstd.tif")).unwrap(), "Zstandard"),
        (fs::read(fixture("lab.tif")).unwrap(), "Lab"),
        (of(&|tiff| tiff.format = 2), "signed"),
        (of(&|tiff| tiff.bits = 32), "whole numbers of 32 bits"),
        (of(&|tiff| tiff.samples = 5), "5 channels"),
        (of(&|tiff| tiff.compression = 34_925), "LZMA"),
        (of(&|tiff| tiff.compression = 9_999), "compression 9999"),
        (
            of(&|tiff| (tiff.samples, tiff.photometric) = (3, 6)),
            "YCbCr",
        ),
    ] {
        let error = load(&bytes).unwrap_err();
        assert!(matches!(error, DataError::UnreadKind { .. }), "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn damage_of_any_kind_is_an_error_or_a_picture() {
    let root = tempdir().unwrap();
    let path = root.path().join("image");
    for name in [
        "g3_2d.tif",
        "g4.tif",
        "lzw_difference.tif",
        "big_planar_tiles.tif",
        "jpeg.tif",
        "packbits.tif",
    ] {
        let whole = fs::read(fixture(name)).unwrap();
        for length in (0..whole.len()).step_by(7) {
            fs::write(&path, &whole[..length]).unwrap();
            // The tables at a file's end may be what Pillow adds and nobody needs.
            if let Ok(image) = load_image(&path) {
                assert_eq!(image.dimensions(), SIZE, "{name} cut at {length}");
                assert_eq!(image, load_image(&fixture(name)).unwrap());
            }
        }
        for index in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[index] ^= 0xff;
            fs::write(&path, &damaged).unwrap();
            load_image(&path).ok();
        }
    }
}

#[test]
fn depths_of_cameras_are_read_where_they_are_told() {
    let root = tempdir().unwrap();
    let path = root.path().join("image");
    for bits in [10, 12, 14] {
        let tiff = Tiff::new(SIZE, 16, 1);
        fs::write(&path, tiff.write(&|x, y, c| value(x, y, c) << (bits - 8))).unwrap();
        let depth = BitDepth::new(bits).unwrap();
        let found = load_image_as(&path, ImageReading::default().of_depth(depth)).unwrap();
        assert_eq!(found.as_raw()[..], expected(SIZE, 1), "{bits}");
        // What is beyond the depth is white.
        fs::write(&path, tiff.write(&|_, _, _| 0xffff)).unwrap();
        let found = load_image_as(&path, ImageReading::default().of_depth(depth)).unwrap();
        assert!(found.as_raw().iter().all(|value| *value == 255));
    }
    assert!(BitDepth::new(7).is_err() && BitDepth::new(17).is_err());
}
