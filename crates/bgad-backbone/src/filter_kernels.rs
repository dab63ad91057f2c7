//! The filter bank's kernels, built on the host.
//!
//! Every band-pass kernel responds with amplitude 1 to a sinusoid of amplitude 1 at its preferred frequency and
//! orientation. Natural images have about the same power in every octave (Field 1987), so one set of constants
//! serves all scales.

use std::f64::consts::PI;

/// Orientations of each kind of filter: 0, 45, 90 and 135 degrees. At 0 degrees it responds most to variation
/// along a row, that is, to vertical edges and lines.
pub(crate) const ORIENTATIONS: usize = 4;
/// Kernels of all kinds.
pub(crate) const KERNELS: usize = 4 * ORIENTATIONS;
/// Taps on each side of the centre.
pub(crate) const RADIUS: usize = 3;
/// Taps on each axis.
pub(crate) const SIZE: usize = 2 * RADIUS + 1;

/// Standard deviation of the differentiated Gaussian, in pixels.
const GAUSSIAN_SIGMA: f64 = 1.0;
/// Standard deviation of the Gabor filters' envelope, in pixels.
const GABOR_SIGMA: f64 = 1.5;
/// Frequency of the Gabor filters, in radians per pixel: a period of 3.1 pixels.
const GABOR_FREQUENCY: f64 = 2.0;

type Kernel = [f64; SIZE * SIZE];

/// First derivatives of a Gaussian, its negated second derivatives, then even and odd Gabor filters,
/// each at all orientations: `[16, 1, 7, 7]` in row-major order.
pub(crate) fn oriented() -> Vec<f32> {
    let kinds: [fn(f64) -> Kernel; 4] = [edge, line, gabor_even, gabor_odd];
    let mut kernels = Vec::with_capacity(KERNELS * SIZE * SIZE);
    for kind in kinds {
        for index in 0..ORIENTATIONS {
            let angle = PI * index as f64 / ORIENTATIONS as f64;
            kernels.extend(kind(angle).map(|tap| tap as f32));
        }
    }
    kernels
}

/// First derivatives along the row and along the column: `[2, 1, 7, 7]` in row-major order.
pub(crate) fn gradient() -> Vec<f32> {
    let kernels = [edge(0.0), edge(PI / 2.0)];
    kernels.iter().flatten().map(|&tap| tap as f32).collect()
}

/// Taps on each axis of the kernel that smooths and halves.
pub(crate) const HALVING: usize = 4;

/// Binomial weights for smoothing; at stride 2, outputs are centred on pixel pairs. `[4, 4]` in row-major order.
pub(crate) fn binomial() -> Vec<f32> {
    let taps = [0.125_f32, 0.375, 0.375, 0.125];
    taps.iter()
        .flat_map(|row| taps.iter().map(move |column| row * column))
        .collect()
}

fn edge(angle: f64) -> Kernel {
    let kernel = sample(angle, |u, square| -u * gaussian(square, GAUSSIAN_SIGMA));
    unit_gain(without_mean(kernel), angle, 1.0 / GAUSSIAN_SIGMA)
}

fn line(angle: f64) -> Kernel {
    let kernel = sample(angle, |u, square| {
        (1.0 - (u / GAUSSIAN_SIGMA).powi(2)) * gaussian(square, GAUSSIAN_SIGMA)
    });
    unit_gain(without_mean(kernel), angle, 2.0_f64.sqrt() / GAUSSIAN_SIGMA)
}

fn gabor_even(angle: f64) -> Kernel {
    // A cosine under an envelope has a mean. Subtracting a multiple of the envelope removes it.
    let wave = sample(angle, |u, square| {
        (GABOR_FREQUENCY * u).cos() * gaussian(square, GABOR_SIGMA)
    });
    let envelope = sample(angle, |_, square| gaussian(square, GABOR_SIGMA));
    let share = wave.iter().sum::<f64>() / envelope.iter().sum::<f64>();
    let kernel = std::array::from_fn(|tap| wave[tap] - share * envelope[tap]);
    unit_gain(kernel, angle, GABOR_FREQUENCY)
}

fn gabor_odd(angle: f64) -> Kernel {
    let kernel = sample(angle, |u, square| {
        (GABOR_FREQUENCY * u).sin() * gaussian(square, GABOR_SIGMA)
    });
    unit_gain(without_mean(kernel), angle, GABOR_FREQUENCY)
}

fn gaussian(square: f64, sigma: f64) -> f64 {
    (-square / (2.0 * sigma * sigma)).exp()
}

/// Column and row of a tap, from the centre.
fn position(tap: usize) -> (f64, f64) {
    let centred = |index: usize| index as f64 - RADIUS as f64;
    (centred(tap % SIZE), centred(tap / SIZE))
}

/// Distance of a tap along the direction of `angle`.
fn along(tap: usize, angle: f64) -> f64 {
    let (x, y) = position(tap);
    x * angle.cos() + y * angle.sin()
}

/// A kernel from a function of the distance along the orientation and the squared distance from the centre.
fn sample(angle: f64, value: impl Fn(f64, f64) -> f64) -> Kernel {
    std::array::from_fn(|tap| {
        let (x, y) = position(tap);
        value(along(tap, angle), x * x + y * y)
    })
}

fn without_mean(kernel: Kernel) -> Kernel {
    let mean = kernel.iter().sum::<f64>() / kernel.len() as f64;
    kernel.map(|tap| tap - mean)
}

/// Scales a kernel so that its response to a wave of `frequency` along its orientation has amplitude 1.
fn unit_gain(kernel: Kernel, angle: f64, frequency: f64) -> Kernel {
    let project = |wave: fn(f64) -> f64| -> f64 {
        let taps = kernel.iter().enumerate();
        taps.map(|(tap, value)| value * wave(frequency * along(tap, angle)))
            .sum()
    };
    let gain = project(f64::cos).hypot(project(f64::sin));
    kernel.map(|tap| tap / gain)
}

#[cfg(test)]
mod tests {
    use super::{KERNELS, SIZE, oriented};

    #[test]
    fn band_pass_kernels_ignore_constants() {
        let kernels = oriented();
        assert_eq!(kernels.len(), KERNELS * SIZE * SIZE);
        for (index, kernel) in kernels.chunks(SIZE * SIZE).enumerate() {
            let sum: f32 = kernel.iter().sum();
            let size: f32 = kernel.iter().map(|tap| tap.abs()).sum();
            assert!(sum.abs() < 1e-6, "kernel {index} sums to {sum}");
            assert!(size > 0.5, "kernel {index} is nearly empty");
        }
    }
}
