#![allow(clippy::print_stdout, missing_docs)]
use bgad_cpu::*;
use std::time::Instant;
fn best(mut f: impl FnMut()) -> f64 {
    let mut b = f64::MAX;
    for _ in 0..40 {
        let t = Instant::now();
        f();
        b = b.min(t.elapsed().as_secs_f64());
    }
    b
}
fn main() {
    let mut total = 0.0;
    let mut mac = 0.0;
    // (rows of call, k, n, calls per image)
    for (m, k, n, calls) in [
        (128, 27, 56, 128),
        (512, 64, 32, 32),
        (512, 32, 32, 64),
        (128, 32, 48, 4 * 128),
        (352, 192, 40, 12),
        (64, 40, 48, 5 * 5 * 64),
        (272, 240, 40, 5 * 15),
        (64, 40, 48, 5 * 64),
        (272, 240, 72, 4),
        (32, 72, 48, 5 * 9 * 32),
        (160, 432, 72, 5 * 6),
        (32, 72, 48, 9 * 32),
        (160, 432, 144, 2),
        (16, 144, 48, 7 * 18 * 16),
        (80, 864, 144, 7 * 3),
        (16, 144, 48, 18 * 16),
        (80, 864, 200, 3),
        (16, 200, 48, 7 * 25 * 16),
        (64, 1200, 200, 7 * 4),
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
        let bias = vec![0.1; n];
        let s = best(|| finish(&mut c, &bias, Activation::Silu, None));
        let l = best(|| finish(&mut c, &bias, Activation::Linear, None));
        let fl = 2.0 * (m * k * n) as f64 / 1e9;
        total += g * calls as f64;
        mac += fl * calls as f64;
        println!(
            "{m}x{k}x{n}: {:.0} GF/s, {:.2} ms; finish {:.2} ms linear, {:.2} silu",
            fl / g,
            g * calls as f64 * 1e3,
            l * calls as f64 * 1e3,
            s * calls as f64 * 1e3
        );
    }
    println!("gemm total {:.1} ms, {mac:.2} GF", total * 1e3);
}
