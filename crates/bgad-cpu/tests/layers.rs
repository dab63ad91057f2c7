//! Compares the kernels of convolutional layers with plain loops in double precision.

use bgad_cpu::{Activation, Depthwise, depthwise_row, finish};

/// Values between -1 and 1 that repeat nowhere near each other.
fn values(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (((i * 7919 + salt * 104_729) % 10_007) as f32 / 5003.5) - 1.0)
        .collect()
}

fn activated(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Linear => x,
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Relu6 => x.clamp(0.0, 6.0),
    }
}

#[test]
fn finishing_activates_and_adds_the_residual() {
    for activation in [Activation::Linear, Activation::Silu, Activation::Relu6] {
        for (rows, columns) in [(1, 1), (3, 40), (57, 48), (700, 8), (5, 0)] {
            let before: Vec<f32> = values(rows * columns, 5).iter().map(|v| v * 9.0).collect();
            let residual = values(rows * columns, 7);
            for residual in [None, Some(&residual[..])] {
                let mut found = before.clone();
                finish(&mut found, activation, residual);
                for (i, found) in found.iter().enumerate() {
                    let before = f64::from(before[i]);
                    let added = residual.map_or(0.0, |residual| f64::from(residual[i]));
                    let expected = activated(activation, before) + added;
                    assert!(
                        (f64::from(*found) - expected).abs() < 4e-6,
                        "{activation:?} of {before}: {found}, {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn silu_keeps_its_precision_over_its_whole_range() {
    let mut found: Vec<f32> = (-40_000..40_000).map(|i| i as f32 * 0.01).collect();
    let x = found.clone();
    finish(&mut found, Activation::Silu, None);
    for (x, found) in x.iter().zip(found) {
        let expected = activated(Activation::Silu, f64::from(*x));
        let error = (f64::from(found) - expected).abs();
        assert!(
            error <= 5e-7 * expected.abs() + 1e-9,
            "{x}: {found}, {expected}"
        );
    }
    let mut extreme = [f32::MAX, f32::MIN, f32::NAN, 0.0];
    finish(&mut extreme, Activation::Silu, None);
    assert_eq!(extreme[0], f32::MAX);
    assert!(extreme[1].is_finite() && extreme[2].is_nan());
    assert_eq!(extreme[3], 0.0);
}

#[test]
fn depthwise_rows_agree_with_the_definition() {
    for channels in [16, 32, 48] {
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            for width in [1, 3, 4, 8, 13, 21] {
                let inputs = (width - 1) * stride + kernel;
                let weights = values(kernel * kernel * channels, 1);
                let bias = values(channels, 2);
                let rows: Vec<_> = (0..kernel)
                    .map(|ky| values(inputs * channels, 10 + ky))
                    .collect();
                let rows: Vec<&[f32]> = rows.iter().map(|row| &row[..]).collect();
                let mut outputs = vec![f32::NAN; width * channels];
                let mut sums = vec![1.0; channels];
                let layer = Depthwise {
                    channels,
                    kernel,
                    stride,
                    weights: &weights,
                    bias: &bias,
                    activation: Activation::Silu,
                };
                depthwise_row(&layer, &rows, &mut outputs, &mut sums);
                for channel in 0..channels {
                    let mut total = 1.0;
                    for x in 0..width {
                        let mut sum = f64::from(bias[channel]);
                        for (ky, row) in rows.iter().enumerate() {
                            for kx in 0..kernel {
                                let input = row[(x * stride + kx) * channels + channel];
                                let weight = weights[(ky * kernel + kx) * channels + channel];
                                sum += f64::from(input) * f64::from(weight);
                            }
                        }
                        let expected = activated(Activation::Silu, sum);
                        let found = f64::from(outputs[x * channels + channel]);
                        assert!((found - expected).abs() < 1e-5, "{found}, {expected}");
                        total += expected;
                    }
                    assert!((f64::from(sums[channel]) - total).abs() < 1e-4);
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "does not fit")]
fn rows_that_are_too_short_are_refused() {
    let layer = Depthwise {
        channels: 16,
        kernel: 3,
        stride: 1,
        weights: &[0.0; 144],
        bias: &[0.0; 16],
        activation: Activation::Linear,
    };
    let (row, mut outputs, mut sums) = ([0.0; 47], [0.0; 16], [0.0; 16]);
    depthwise_row(&layer, &[&row[..]; 3], &mut outputs, &mut sums);
}
