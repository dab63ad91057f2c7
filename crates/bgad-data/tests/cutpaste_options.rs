//! Foregrounds, separate regions, several pastes and blended edges.

use bgad_data::{CutPaste, Mask, RgbImage, estimate_foreground, sample_rng};
use image::Rgb;
use rand::RngExt;

const WIDTH: u32 = 72;
const HEIGHT: u32 = 50;

/// Grey everywhere, which all nine transformations keep grey.
fn grey() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb([(40 + x * 2 + y) as u8; 3]))
}

/// Grey nowhere, by more than any blending hides.
fn coloured() -> RgbImage {
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| Rgb([255, (x + y) as u8, 0]))
}

fn mask_of(inside: impl Fn(u32, u32) -> bool) -> Mask {
    let pixels = (0..WIDTH * HEIGHT).map(|i| inside(i % WIDTH, i / WIDTH));
    Mask::new(WIDTH, HEIGHT, pixels.collect()).unwrap()
}

/// A few random discs.
fn random_mask(seed: u64) -> Mask {
    let mut rng = sample_rng(seed, 77, 0);
    let count = rng.random_range(1..=4);
    let discs: Vec<(u32, u32, u32)> = (0..count)
        .map(|_| {
            let at = (rng.random_range(0..WIDTH), rng.random_range(0..HEIGHT));
            (at.0, at.1, rng.random_range(0..9_u32).pow(2))
        })
        .collect();
    mask_of(|x, y| {
        let inside =
            |(i, j, r): &(u32, u32, u32)| x.abs_diff(*i).pow(2) + y.abs_diff(*j).pow(2) <= *r;
        discs.iter().any(inside)
    })
}

fn options() -> Vec<CutPaste> {
    let mut options = Vec::new();
    for separate_regions in [false, true] {
        for (transformations, pastes, blend) in
            [(0, 1, 0), (3, 1, 0), (9, 3, 0), (3, 2, 4), (9, 1, 20)]
        {
            options.push(CutPaste {
                transformations,
                separate_regions,
                pastes,
                blend,
                ..CutPaste::default()
            });
        }
    }
    options
}

#[test]
fn masks_are_exactly_the_changed_pixels_and_never_empty() {
    let (abnormal, normal) = (grey(), coloured());
    for (number, cut_paste) in options().iter().enumerate() {
        for seed in 0..60 {
            let defect = random_mask(seed);
            let foreground = random_mask(seed + 1000);
            for foreground in [None, Some(&foreground)] {
                let mut rng = sample_rng(seed, 0, number as u64);
                let (image, mask) = cut_paste
                    .paste(&abnormal, &defect, &normal, foreground, &mut rng)
                    .unwrap();
                assert!(!mask.is_empty(), "{cut_paste:?}, seed {seed}");
                let changed = image.pixels().zip(normal.pixels()).map(|(a, b)| a != b);
                assert!(
                    changed.eq(mask.pixels().iter().copied()),
                    "{cut_paste:?}, seed {seed}: the mask is not what changed"
                );
                if let Some(foreground) = foreground {
                    let mut pairs = mask.pixels().iter().zip(foreground.pixels());
                    assert!(pairs.all(|(m, f)| !m || *f), "{cut_paste:?}, seed {seed}");
                }
            }
        }
    }
}

#[test]
fn regions_that_fit_the_foreground_stay_whole() {
    let foreground = mask_of(|x, y| (20..60).contains(&x) && (10..40).contains(&y));
    let defect = mask_of(|x, y| x < 6 && y < 5);
    let cut_paste = CutPaste {
        transformations: 0,
        ..CutPaste::default()
    };
    let mut places = std::collections::HashSet::new();
    for index in 0..300 {
        let mut rng = sample_rng(0, 0, index);
        let (_, mask) = cut_paste
            .paste(&grey(), &defect, &coloured(), Some(&foreground), &mut rng)
            .unwrap();
        assert_eq!(mask.area(), 30);
        places.insert(mask.pixels().iter().position(|m| *m));
    }
    assert!(places.len() > 200, "locations are random: {}", places.len());
    // One that is wider than the foreground is clipped to it.
    let wide = mask_of(|_, y| y == 3);
    let mut rng = sample_rng(0, 0, 0);
    let (_, mask) = cut_paste
        .paste(&grey(), &wide, &coloured(), Some(&foreground), &mut rng)
        .unwrap();
    assert!((1..=40).contains(&mask.area()), "{}", mask.area());
}

#[test]
fn connected_regions_are_placed_on_their_own() {
    let defect = mask_of(|x, y| (y < 3) && (x < 3 || (30..33).contains(&x)));
    let distance = |separate_regions, index| {
        let cut_paste = CutPaste {
            transformations: 0,
            separate_regions,
            ..CutPaste::default()
        };
        let mut rng = sample_rng(5, 0, index);
        let (_, mask) = cut_paste
            .paste(&grey(), &defect, &coloured(), None, &mut rng)
            .unwrap();
        let columns =
            (0..WIDTH).filter(|x| (0..HEIGHT).any(|y| mask.pixels()[(y * WIDTH + x) as usize]));
        let columns: Vec<u32> = columns.collect();
        columns[columns.len() - 1] - columns[0]
    };
    let together: Vec<u32> = (0..20).map(|index| distance(false, index)).collect();
    assert_eq!(together, [32; 20], "they keep their distance");
    let apart: std::collections::HashSet<u32> =
        (0..20).map(|index| distance(true, index)).collect();
    assert!(apart.len() > 8, "{apart:?}");
}

#[test]
fn several_pastes_cover_more() {
    let defect = mask_of(|x, y| x < 5 && y < 5);
    let area = |pastes| {
        let cut_paste = CutPaste {
            transformations: 0,
            pastes,
            ..CutPaste::default()
        };
        let total: usize = (0..20)
            .map(|index| {
                let mut rng = sample_rng(1, 0, index);
                let pasted = cut_paste.paste(&grey(), &defect, &coloured(), None, &mut rng);
                pasted.unwrap().1.area()
            })
            .sum();
        total
    };
    assert_eq!(area(1), 20 * 25);
    assert!(area(4) > 3 * area(1), "{}", area(4));
}

#[test]
fn edges_blend_evenly_inwards() {
    let abnormal = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([200; 3]));
    let normal = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([0, 100, 20]));
    let cut_paste = CutPaste {
        transformations: 0,
        blend: 3,
        ..CutPaste::default()
    };
    let values = |defect: &Mask| {
        let mut rng = sample_rng(0, 0, 0);
        let (image, mask) = cut_paste
            .paste(&abnormal, defect, &normal, None, &mut rng)
            .unwrap();
        assert_eq!(mask.area(), defect.area());
        let first = mask.pixels().iter().position(|m| *m).unwrap() as u32;
        (image, first % WIDTH, first / WIDTH)
    };
    let (image, left, top) = values(&mask_of(|x, y| x < 11 && y < 11));
    let along: Vec<u8> = (0..11)
        .map(|i| image.get_pixel(left + i, top + 5).0[0])
        .collect();
    assert_eq!(along, [50, 100, 150, 200, 200, 200, 200, 200, 150, 100, 50]);
    assert_eq!(image.get_pixel(left, top + 5).0, [50, 125, 65]);
    // A scratch one pixel wide has no inside to fade to: it stays whole.
    let (image, left, top) = values(&mask_of(|x, y| x == 0 && y < 11));
    assert_eq!(image.get_pixel(left, top + 5).0, [200; 3]);
}

#[test]
fn objects_are_found_and_textures_are_not() {
    let disc = |x: u32, y: u32| x.abs_diff(60).pow(2) + y.abs_diff(50).pow(2) < 900;
    let noise = |x: u32, y: u32, range: u32| {
        let hash =
            (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
        (hash >> 16) % range
    };
    let scene = |object: [u32; 3], background: [u32; 3]| {
        RgbImage::from_fn(140, 100, |x, y| {
            let colour = if disc(x, y) { object } else { background };
            Rgb(colour.map(|c| (c + noise(x, y, 12)) as u8))
        })
    };
    for (object, background) in [
        ([200, 200, 200], [20, 20, 20]),
        ([60, 50, 40], [220, 225, 230]),
        ([120, 60, 60], [60, 60, 120]),
    ] {
        let found = estimate_foreground(&scene(object, background)).expect("an object");
        let wrong =
            (0..140 * 100).filter(|&i| disc(i % 140, i / 140) != found.pixels()[i as usize]);
        assert!(wrong.count() < 140 * 100 / 50);
    }
    let textures = [
        RgbImage::from_pixel(100, 100, Rgb([90, 120, 30])),
        RgbImage::from_fn(100, 100, |x, y| Rgb([(90 + noise(x, y, 60)) as u8; 3])),
        RgbImage::from_fn(100, 100, |x, y| {
            Rgb([if (x / 7 + y / 7) % 2 == 0 { 30 } else { 200 }; 3])
        }),
        RgbImage::from_fn(100, 100, |x, _| Rgb([if x % 20 < 6 { 30 } else { 200 }; 3])),
        RgbImage::from_fn(100, 100, |x, y| Rgb([(x + y) as u8; 3])),
        RgbImage::from_pixel(4, 4, Rgb([9; 3])),
    ];
    for (number, texture) in textures.iter().enumerate() {
        assert!(estimate_foreground(texture).is_none(), "texture {number}");
    }
}
