//! RandAugmented CutPaste.

use bgad_data::{CutPaste, DataError, Filter, Mask, RgbImage, resize, sample_rng};
use image::Rgb;

fn abnormal() -> RgbImage {
    RgbImage::from_fn(60, 44, |x, y| {
        Rgb([(x * 4) as u8, (y * 5) as u8, (255 - x - y) as u8])
    })
}

fn normal() -> RgbImage {
    RgbImage::from_fn(60, 44, |x, y| Rgb([(y * 3) as u8, 128, (x * 2) as u8]))
}

fn mask_of(inside: impl Fn(u32, u32) -> bool) -> Mask {
    let pixels = (0..60 * 44).map(|i| inside(i % 60, i / 60)).collect();
    Mask::new(60, 44, pixels).unwrap()
}

fn blob() -> Mask {
    mask_of(|x, y| x.abs_diff(20).pow(2) + y.abs_diff(30).pow(2) < 40)
}

#[test]
fn changes_stay_inside_the_mask() {
    let cutpaste = CutPaste::default();
    let mut changed_somewhere = 0;
    for index in 0..200 {
        let (image, mask) = cutpaste
            .paste(
                &abnormal(),
                &blob(),
                &normal(),
                None,
                &mut sample_rng(0, 0, index),
            )
            .unwrap();
        assert_eq!(image.dimensions(), (60, 44));
        assert!(!mask.is_empty());
        for ((after, before), &defect) in image.pixels().zip(normal().pixels()).zip(mask.pixels()) {
            assert!(
                defect || after == before,
                "sample {index} changed outside its mask"
            );
            changed_somewhere += usize::from(after != before);
        }
    }
    assert!(changed_somewhere > 200 * 20, "{changed_somewhere}");
}

#[test]
fn without_transformations_the_region_is_copied_as_it_is() {
    let cutpaste = CutPaste {
        transformations: 0,
        ..CutPaste::default()
    };
    let (abnormal, source) = (abnormal(), blob());
    let mut places = std::collections::HashSet::new();
    for index in 0..50 {
        let (image, mask) = cutpaste
            .paste(
                &abnormal,
                &source,
                &normal(),
                None,
                &mut sample_rng(0, 0, index),
            )
            .unwrap();
        let cut: Vec<_> = abnormal
            .pixels()
            .zip(source.pixels())
            .filter(|(_, d)| **d)
            .map(|(p, _)| p)
            .collect();
        let pasted: Vec<_> = image
            .pixels()
            .zip(mask.pixels())
            .filter(|(_, d)| **d)
            .map(|(p, _)| p)
            .collect();
        assert_eq!(cut, pasted, "the same pixels in the same order");
        places.insert(mask.pixels().iter().position(|d| *d));
    }
    assert!(places.len() > 30, "locations are random: {}", places.len());
}

#[test]
fn samples_are_functions_of_their_key() {
    let paste = |seed, epoch, index| {
        CutPaste::default()
            .paste(
                &abnormal(),
                &blob(),
                &normal(),
                None,
                &mut sample_rng(seed, epoch, index),
            )
            .unwrap()
    };
    assert_eq!(paste(1, 2, 3), paste(1, 2, 3));
    assert_ne!(paste(1, 2, 3), paste(2, 2, 3));
    assert_ne!(paste(1, 2, 3), paste(1, 3, 3));
    assert_ne!(paste(1, 2, 3), paste(1, 2, 4));
}

#[test]
fn regions_at_the_border_are_never_lost() {
    // All nine operations, so that a corner pixel is often moved out of the image.
    let cutpaste = CutPaste {
        transformations: 9,
        ..CutPaste::default()
    };
    for (x, y) in [(0, 0), (59, 0), (0, 43), (59, 43)] {
        let corner = mask_of(|i, j| (i, j) == (x, y));
        for index in 0..50 {
            let (_, mask) = cutpaste
                .paste(
                    &abnormal(),
                    &corner,
                    &normal(),
                    None,
                    &mut sample_rng(0, 1, index),
                )
                .unwrap();
            assert!(!mask.is_empty());
        }
    }
    let (_, mask) = cutpaste
        .paste(
            &abnormal(),
            &Mask::full(60, 44),
            &normal(),
            None,
            &mut sample_rng(0, 0, 0),
        )
        .unwrap();
    assert!(!mask.is_empty(), "a mask that covers the image fits");
}

#[test]
fn normal_images_take_the_abnormal_size() {
    let large = resize(&normal(), 130, 70, Filter::Lanczos);
    let (image, mask) = CutPaste::default()
        .paste(&abnormal(), &blob(), &large, None, &mut sample_rng(0, 0, 0))
        .unwrap();
    assert_eq!(image.dimensions(), (60, 44));
    let expected = resize(&large, 60, 44, Filter::Bicubic);
    assert!(
        image
            .pixels()
            .zip(expected.pixels())
            .zip(mask.pixels())
            .all(|((a, b), d)| *d || a == b)
    );
}

#[test]
fn wrong_input_is_an_error() {
    let paste = |cutpaste: CutPaste, mask: Mask| {
        cutpaste
            .paste(
                &abnormal(),
                &mask,
                &normal(),
                None,
                &mut sample_rng(0, 0, 0),
            )
            .unwrap_err()
    };
    assert!(matches!(
        paste(CutPaste::default(), Mask::empty(60, 44)),
        DataError::EmptyMask { .. }
    ));
    assert!(matches!(
        paste(CutPaste::default(), Mask::full(44, 60)),
        DataError::Size { .. }
    ));
    assert!(matches!(
        paste(
            CutPaste {
                transformations: 10,
                ..CutPaste::default()
            },
            blob()
        ),
        DataError::Parameter { .. }
    ));
    for out_of_range in [
        CutPaste {
            pastes: 0,
            ..CutPaste::default()
        },
        CutPaste {
            pastes: 65,
            ..CutPaste::default()
        },
        CutPaste {
            blend: 257,
            ..CutPaste::default()
        },
    ] {
        assert!(matches!(
            paste(out_of_range, blob()),
            DataError::Parameter { .. }
        ));
    }
    let small = Mask::full(30, 20);
    let result = CutPaste::default().paste(
        &abnormal(),
        &blob(),
        &normal(),
        Some(&small),
        &mut sample_rng(0, 0, 0),
    );
    assert!(matches!(result, Err(DataError::Size { .. })));
}
