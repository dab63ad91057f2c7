//! Reference vectors of Pillow and scikit-learn.

use bgad_data::{Filter, Mask, RgbImage, normalize, resize, split, transform};

use crate::reader::{Golden, assert_close};

const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

fn image(golden: &Golden) -> RgbImage {
    let shape = golden.shape("image");
    RgbImage::from_raw(shape[1] as u32, shape[0] as u32, golden.u8("image")).unwrap()
}

fn mask(golden: &Golden) -> Mask {
    let shape = golden.shape("mask");
    let pixels = golden
        .u8("mask")
        .into_iter()
        .map(|value| value > 127)
        .collect();
    Mask::new(shape[1] as u32, shape[0] as u32, pixels).unwrap()
}

/// Tensors named `operation_parameter`, with the parameter.
fn cases(golden: &Golden, operation: &str) -> Vec<(String, f64)> {
    let parameter = |name: &String| {
        name.strip_prefix(operation)?
            .strip_prefix('_')?
            .parse()
            .ok()
    };
    let cases: Vec<_> = golden
        .names()
        .into_iter()
        .filter_map(|n| parameter(&n).map(|p| (n, p)))
        .collect();
    assert!(!cases.is_empty(), "no tensor of {operation}");
    cases
}

/// Compares an operation with all its tensors, byte for byte.
fn check(operation: &str, apply: impl Fn(&RgbImage, f64) -> RgbImage) {
    let golden = Golden::open("image_ops");
    let image = image(&golden);
    for (name, parameter) in cases(&golden, operation) {
        let found = apply(&image, parameter);
        assert_eq!(
            [found.height() as usize, found.width() as usize, 3],
            golden.shape(&name)[..],
            "{name}"
        );
        assert_bytes(&name, found.as_raw(), &golden.u8(&name));
    }
}

fn assert_bytes(name: &str, found: &[u8], expected: &[u8]) {
    let differences: Vec<u8> = found
        .iter()
        .zip(expected)
        .map(|(f, e)| f.abs_diff(*e))
        .collect();
    let (count, largest) = (
        differences.iter().filter(|d| **d > 0).count(),
        differences.iter().max(),
    );
    assert_eq!(
        found, expected,
        "{name}: {count} values differ, by at most {largest:?}"
    );
}

fn check_mask(operation: &str, apply: impl Fn(&Mask, f64) -> Mask) {
    let golden = Golden::open("image_ops");
    let mask = mask(&golden);
    for (name, parameter) in cases(&golden, operation) {
        let found = apply(&mask, parameter);
        assert_eq!(
            [found.height() as usize, found.width() as usize],
            golden.shape(&name)[..],
            "{name}"
        );
        let expected: Vec<bool> = golden
            .u8(&name)
            .into_iter()
            .map(|value| value > 127)
            .collect();
        assert_eq!(found.pixels(), expected, "{name}");
    }
}

#[test]
fn golden_resize_filters() {
    for (name, filter) in [
        ("bilinear", Filter::Bilinear),
        ("bicubic", Filter::Bicubic),
        ("lanczos", Filter::Lanczos),
    ] {
        check(name, |image, side| {
            resize(image, side as u32, side as u32, filter)
        });
    }
}

#[test]
fn golden_histogram_operations() {
    let golden = Golden::open("image_ops");
    let image = image(&golden);
    assert_bytes(
        "autocontrast",
        transform::autocontrast(&image).as_raw(),
        &golden.u8("autocontrast"),
    );
    assert_bytes(
        "equalize",
        transform::equalize(&image).as_raw(),
        &golden.u8("equalize"),
    );
}

#[test]
fn golden_tone_operations() {
    check("posterize", |image, bits| {
        transform::posterize(image, bits as u8)
    });
    check("solarize", |image, threshold| {
        transform::solarize(image, threshold as u8)
    });
    check("brightness", |image, factor| {
        transform::brightness(image, factor as f32)
    });
}

#[test]
fn golden_sharpness() {
    check("sharpness", |image, factor| {
        transform::sharpness(image, factor as f32)
    });
}

#[test]
fn golden_geometric_operations() {
    check("rotate", transform::rotate);
    check("shear_x", |image, factor| {
        transform::shear(image, factor, 0.0)
    });
    check("shear_y", |image, factor| {
        transform::shear(image, 0.0, factor)
    });
    check("translate_x", |image, pixels| {
        transform::translate(image, pixels, 0.0)
    });
    check("translate_y", |image, pixels| {
        transform::translate(image, 0.0, pixels)
    });
}

#[test]
fn golden_masks() {
    check_mask("mask_rotate", transform::rotate_mask);
    check_mask("mask_nearest", |mask, side| {
        mask.resize(side as u32, side as u32)
    });
}

#[test]
fn golden_normalised() {
    let golden = Golden::open("image_ops");
    let shape = golden.shape("lanczos_64_normalised");
    let resized = resize(
        &image(&golden),
        shape[2] as u32,
        shape[1] as u32,
        Filter::Lanczos,
    );
    let found = normalize(&resized, MEAN, STD);
    assert_close(
        "normalised",
        &found,
        &golden.f32("lanczos_64_normalised"),
        1e-6,
        1e-6,
    );
}

#[test]
fn golden_train_test_split() {
    let golden = Golden::open("train_test_split_42");
    let names = golden.names();
    let mut counts: Vec<usize> = names
        .iter()
        .map(|name| name.split('.').next().unwrap().parse().unwrap())
        .collect();
    counts.dedup();
    assert!(!counts.is_empty());
    for count in counts {
        let split = split::train_test_split(count, 0.25, 42);
        for (part, found) in [("train", split.train), ("test", split.test)] {
            let expected: Vec<usize> = golden
                .i64(&format!("{count}.{part}"))
                .into_iter()
                .map(|index| index as usize)
                .collect();
            assert_eq!(found, expected, "{count}.{part}");
        }
    }
}

/// Neither golden image is tall: the order of the passes, told by two single passes.
#[test]
fn resize_goes_vertically_first_where_the_height_loses_more() {
    let image = RgbImage::from_fn(30, 80, |x, y| {
        image::Rgb([(x * y) as u8, (x * 91 + y * 53) as u8, (y * y) as u8])
    });
    for (width, height, vertical_first) in [
        (30 - 10, 80 - 21, true),
        (30 - 10, 80 - 20, false),
        (40, 79, true),
        (40, 90, false),
    ] {
        let found = resize(&image, width, height, Filter::Lanczos);
        let across = resize(
            &resize(&image, width, 80, Filter::Lanczos),
            width,
            height,
            Filter::Lanczos,
        );
        let down = resize(
            &resize(&image, 30, height, Filter::Lanczos),
            width,
            height,
            Filter::Lanczos,
        );
        assert_ne!(across, down, "the order shows");
        assert_eq!(
            found,
            if vertical_first { down } else { across },
            "{width}x{height}"
        );
    }
}
