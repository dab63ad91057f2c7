#![allow(clippy::print_stdout)]
use bgad_cpu::*;
use std::time::Instant;
fn best(mut f: impl FnMut()) -> f64 {
    let mut b = f64::MAX;
    for _ in 0..60 {
        let t = Instant::now();
        f();
        b = b.min(t.elapsed().as_secs_f64());
    }
    b
}
fn main() {
    for (m, k, n) in [
        (64, 40, 48),
        (1024, 40, 48),
        (1024, 72, 48),
        (256, 144, 48),
        (256, 200, 48),
        (16, 200, 48),
        (1024, 240, 40),
        (128, 48, 40),
        (128, 864, 144),
        (128, 1200, 200),
        (128, 48, 200),
        (1024, 432, 72),
        (1024, 56, 32),
        (16, 27, 56),
        (128, 9, 56),
        (16, 200, 96),
        (16, 200, 240),
    ] {
        let a = vec![0.5f32; m * k];
        let b = vec![0.25f32; k * n];
        let mut c = vec![0.0; m * n];
        let g = best(|| {
            multiply(
                Matrix::new(&a, m, k),
                Matrix::new(&b, k, n),
                MatrixMut::new(&mut c, m, n),
            )
        });
        let ga = best(|| {
            multiply_add(
                Matrix::new(&a, m, k),
                Matrix::new(&b, k, n),
                MatrixMut::new(&mut c, m, n),
            )
        });
        let bias = vec![0.1; n * (768usize).div_ceil(n)];
        let mut time =
            |activation| best(|| finish(&mut c, &bias, activation, None)) * 16e9 / (m * n) as f64;
        let (l, s) = (time(Activation::Linear), time(Activation::Silu));
        let fl = 2.0 * (m * k * n) as f64 / 1e9;
        println!(
            "{m}x{k}x{n}: gemm {:.0} GF/s, add {:.0}; {:.2} us; bias {l:.2} silu {s:.2} ns/16",
            fl / g,
            fl / ga,
            g * 1e6
        );
    }
    for (w, kernel, stride) in [
        (64, 3, 1),
        (64, 3, 2),
        (32, 5, 1),
        (16, 5, 1),
        (16, 3, 1),
        (32, 5, 2),
    ] {
        let channels = 48;
        let wo = w / stride;
        let weights = vec![0.1; kernel * kernel * channels];
        let bias = vec![0.1; channels];
        let rows = vec![vec![0.3f32; (w + kernel) * channels]; kernel];
        let rows: Vec<&[f32]> = rows.iter().map(|r| &r[..]).collect();
        let mut out = vec![0.0; wo * channels];
        let mut sums = vec![0.0; channels];
        let mut time = |activation| {
            best(|| {
                for _ in 0..10 {
                    depthwise_row(
                        &Depthwise {
                            channels,
                            kernel,
                            stride,
                            weights: &weights,
                            bias: &bias,
                            activation,
                        },
                        &rows,
                        &mut out,
                        &mut sums,
                    )
                }
            }) / 10.0
        };
        let (l, s) = (time(Activation::Linear), time(Activation::Silu));
        let fl = 2.0 * (kernel * kernel * wo * channels) as f64 / 1e9;
        println!(
            "dw {kernel} s{stride} w{w}: {:.0} GF/s, with silu {:.0}; silu {:.2} ns/16",
            fl / l,
            fl / s,
            (s - l) * 16e9 / (wo * channels) as f64
        );
    }
}
