//! The weight-free backbone.
#![cfg(all(feature = "burn", feature = "random", feature = "weights"))]

use bgad_backbone::{Backbone, FilterBank};
use burn::tensor::{Device, Tensor, TensorData};

/// An image `[1, 3, height, width]` of `value(channel, y, x)`.
fn image(height: usize, width: usize, value: impl Fn(usize, usize, usize) -> f32) -> Tensor<4> {
    let mut values = Vec::with_capacity(3 * height * width);
    for channel in 0..3 {
        for y in 0..height {
            values.extend((0..width).map(|x| value(channel, y, x)));
        }
    }
    Tensor::from_data(
        TensorData::new(values, [1, 3, height, width]),
        &Device::flex(),
    )
}

fn extract(images: Tensor<4>) -> Vec<Tensor<4>> {
    FilterBank::new(&Device::flex())
        .extract(images)
        .into_levels()
}

/// Mean of each channel over the middle of a map, away from the border.
fn means(map: &Tensor<4>) -> Vec<f32> {
    let [_, _, height, width] = map.dims();
    let middle = map.clone().slice([
        0..1,
        0..37,
        height / 4..height - height / 4,
        width / 4..width - width / 4,
    ]);
    middle
        .mean_dim(2)
        .mean_dim(3)
        .into_data()
        .try_to_vec()
        .unwrap()
}

fn noise(_: usize, y: usize, x: usize) -> f32 {
    let hash = (y as u32).wrapping_mul(0x9e37_79b9) ^ (x as u32).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    ((hash ^ (hash >> 13)) % 1000) as f32 / 500.0 - 1.0
}

#[test]
fn maps_have_the_strides_sizes() {
    let bank = FilterBank::new(&Device::flex());
    assert_eq!(bank.name(), "filter-bank");
    assert!(bank.tensors().is_empty());
    for (height, width) in [(256, 256), (97, 75), (17, 1), (5, 31)] {
        let pyramid = bank.extract(image(height, width, noise));
        assert_eq!(pyramid.levels().len(), bank.levels().len());
        for (map, level) in pyramid.levels().iter().zip(bank.levels()) {
            let size = [height.div_ceil(level.stride), width.div_ceil(level.stride)];
            assert_eq!(map.dims(), [1, level.channels, size[0], size[1]]);
            let values = map.to_data().try_to_vec::<f32>().unwrap();
            assert!(values.iter().all(|v| v.is_finite()), "{height}x{width}");
        }
    }
}

#[test]
fn the_same_image_gives_the_same_features() {
    let values = |map: Tensor<4>| map.into_data().try_to_vec::<f32>().unwrap();
    let first: Vec<_> = extract(image(64, 48, noise))
        .into_iter()
        .map(values)
        .collect();
    let again: Vec<_> = extract(image(64, 48, noise))
        .into_iter()
        .map(values)
        .collect();
    assert_eq!(first, again);
    let batch = Tensor::cat(
        vec![
            image(64, 48, |_, y, _| y as f32 / 64.0),
            image(64, 48, noise),
        ],
        0,
    );
    for (alone, map) in first.iter().zip(extract(batch)) {
        let second = values(map.narrow(0, 1, 1));
        for (a, b) in alone.iter().zip(&second) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}

#[test]
fn each_orientation_prefers_its_own_grating() {
    use std::f32::consts::PI;
    // Periods that suit the fine octave of level 0, by kind of filter.
    for (first, frequency) in [(0, 1.0), (4, 1.41), (8, 1.41), (12, 2.0)] {
        for orientation in 0..4 {
            let angle = PI * orientation as f32 / 4.0;
            let levels = extract(image(64, 64, |_, y, x| {
                let along = x as f32 * angle.cos() + y as f32 * angle.sin();
                (frequency * along).sin()
            }));
            let responses = &means(&levels[0])[first..first + 4];
            for other in (0..4).filter(|&other| other != orientation) {
                assert!(
                    responses[orientation] > responses[other] + 0.5,
                    "channels from {first}, grating {orientation}: {responses:?}"
                );
            }
        }
    }
}

#[test]
fn coarser_levels_prefer_coarser_gratings() {
    let response = |period: f32| {
        let levels = extract(image(128, 128, |_, _, x| {
            (x as f32 * std::f32::consts::TAU / period).sin()
        }));
        levels.iter().map(|map| means(map)[0]).collect::<Vec<_>>()
    };
    let (fine, coarse) = (response(6.0), response(24.0));
    assert!(fine[0] > coarse[0] + 0.5, "{fine:?} {coarse:?}");
    assert!(coarse[2] > fine[2] + 0.5, "{fine:?} {coarse:?}");
}

#[test]
fn bright_and_dark_lines_are_told_apart() {
    let line = |sign: f32| {
        let levels = extract(image(
            32,
            32,
            move |_, _, x| if x == 16 { sign } else { 0.0 },
        ));
        let at: Vec<f32> = levels[0]
            .clone()
            .slice([0..1, 0..37, 4..5, 4..5])
            .into_data()
            .try_to_vec()
            .unwrap();
        (at[4], at[8])
    };
    let ((bright, dark), (bright_of_dark, dark_of_dark)) = (line(1.0), line(-1.0));
    assert!(bright > dark, "{bright} {dark}");
    assert_eq!((bright_of_dark, dark_of_dark), (dark, bright));
}

#[test]
fn more_contrast_gives_larger_texture_features() {
    let response =
        |contrast: f32| means(&extract(image(64, 64, |c, y, x| contrast * noise(c, y, x)))[0]);
    let (weak, strong) = (response(0.2), response(0.4));
    for channel in 0..32 {
        assert!(strong[channel] > weak[channel], "channel {channel}");
    }
}

#[test]
fn a_plain_image_has_no_texture_even_at_its_border() {
    let values = |map: &Tensor<4>| map.to_data().try_to_vec::<f32>().unwrap();
    for map in extract(image(40, 40, |channel, _, _| channel as f32 - 0.7)) {
        let cells = map.dims()[2] * map.dims()[3];
        let all = values(&map);
        let spread = |channel: usize| {
            let plane = &all[channel * cells..(channel + 1) * cells];
            plane
                .iter()
                .fold(0.0_f32, |worst, v| worst.max((v - plane[0]).abs()))
        };
        for channel in 0..37 {
            assert!(
                spread(channel) < 0.02,
                "channel {channel} varies by {}",
                spread(channel)
            );
        }
    }
}

#[test]
fn colour_is_separate_from_luminance() {
    let grey = means(&extract(image(64, 64, |_, _, _| 0.0))[1]);
    let red = means(&extract(image(64, 64, |c, _, _| [0.3, -0.3, 0.0][c]))[1]);
    assert!((grey[34] - red[34]).abs() < 1e-4);
    assert!(red[35] > grey[35] + 1.0);
}

#[test]
fn ordinary_texture_lies_about_zero_with_about_unit_deviation() {
    // Three octaves of noise at the contrast of a matt surface.
    let levels = extract(image(256, 256, |c, y, x| {
        0.3 * (noise(c, y, x) + noise(c, y / 4 + 999, x / 4) + noise(c, y / 16, x / 16 + 999))
    }));
    for map in levels {
        let values = map.into_data().try_to_vec::<f32>().unwrap();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let square = values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 1.0, "mean {mean}");
        assert!(
            (0.3..3.0).contains(&square.sqrt()),
            "root mean square {}",
            square.sqrt()
        );
    }
}
