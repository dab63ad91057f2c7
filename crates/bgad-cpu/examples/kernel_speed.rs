//! Compares the speed of our products and the `gemm` crate's on the same matrices: one thread each, alternating,
//! with each instruction set that this machine has.
//!
//!     cargo run --release -p bgad-cpu --example kernel_speed [-- --check]
//!
//! `gemm` always uses the widest instructions. With `--check`, each set must reach 0.7 times `gemm`'s speed times
//! the ratio of its register width to the widest; if one does not, the exit status is 1. Only times from this
//! machine are compared. Each set also shows how long a 3 x 3 convolution takes as a product of windows, and with fewer
//! multiplications.
#![allow(unsafe_code, clippy::print_stdout, clippy::unwrap_used)]

mod timing;

use std::process::ExitCode;

use bgad_cpu::{
    Finish, Instructions, Matrix, MatrixMut, PaddedMap, Panels, Rows, Start, Winograd,
    add_outer_products, multiply_panels,
};
use timing::{median, seconds};

/// The share of `gemm`'s speed that a kernel must reach.
const SHARE: f64 = 0.7;
const ROUNDS: usize = 9;
/// Rows, inner dimension, columns: the subnets of flows on rows of 40, 72 and 148, and the narrow
/// products of V2-B0's flows.
const SHAPES: [(usize, usize, usize); 4] = [
    (4096, 148, 296),
    (1024, 72, 144),
    (4096, 20, 80),
    (4096, 32, 64),
];

fn values(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (((i * 7919 + salt * 104_729) % 10_007) as f32 / 5003.5) - 1.0)
        .collect()
}

/// What is measured: a product, or the gradient of its right operand.
#[derive(Clone, Copy)]
enum Product {
    /// `a · b` for a `b` that is laid out already.
    Panels,
    /// `c + aᵀ · b`.
    Outer,
}

/// `c = a · b` or `c = c + aᵀ · b`; `a` is `[m, k]` or `[k, m]`.
fn by_gemm(kind: Product, a: &[f32], b: &[f32], c: &mut [f32], (m, k, n): (usize, usize, usize)) {
    assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
    let (column, row, add) = match kind {
        Product::Panels => (1, k as isize, false),
        Product::Outer => (m as isize, 1, true),
    };
    // SAFETY: three matrices of these shapes, checked above; `c` is borrowed mutably.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            add,
            a.as_ptr(),
            column,
            row,
            b.as_ptr(),
            1,
            n as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Floating-point operations per second, ours and `gemm`'s, each in its best round: other work on the machine can
/// only make a round slower.
fn compare(kind: Product, (rows, inner, n): (usize, usize, usize)) -> (f64, f64) {
    let (m, k) = match kind {
        Product::Panels => (rows, inner),
        Product::Outer => (inner, rows),
    };
    let (a, b) = (values(m * k, 1), values(k * n, 2));
    let panels = Panels::new(Matrix::new(&b, k, n));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (mut c, mut d) = (vec![0.0; m * n], vec![0.0; m * n]);
    let multiply = |c: &mut [f32]| {
        let c = MatrixMut::new(c, m, n);
        match kind {
            Product::Panels => {
                let a = Matrix::new(&a, m, k);
                multiply_panels(a, &panels, Start::Zero, Finish::Nothing, c);
            }
            Product::Outer => {
                add_outer_products(Matrix::new(&a, k, m), Matrix::new(&b, k, n), c);
            }
        }
    };
    multiply(&mut c);
    by_gemm(kind, &a, &b, &mut d, (m, k, n));
    let agree = c.iter().zip(&d).all(|(c, d)| (c - d).abs() < 1e-2);
    assert!(agree, "the two products differ");
    for _ in 0..ROUNDS {
        ours.push(seconds(|| multiply(&mut c)));
        theirs.push(seconds(|| by_gemm(kind, &a, &b, &mut d, (m, k, n))));
    }
    let operations = 2.0 * (m * k * n) as f64;
    let speed = |times: Vec<f64>| operations / times.into_iter().fold(f64::MAX, f64::min);
    (speed(ours), speed(theirs))
}

/// Height and width, channels and outputs of 3 x 3 convolutions: those of V2-B0 at 384 pixels.
const CONVOLUTIONS: [(usize, usize, usize); 3] = [(192, 32, 16), (96, 32, 128), (48, 48, 192)];
/// Lines that a convolution computes together.
const LINES: usize = 8;

/// Seconds for `LINES` lines of a convolution as a product, and by [`Winograd`], each in its best round.
fn convolve((side, channels, outputs): (usize, usize, usize)) -> (f64, f64) {
    let weights = values(9 * channels * outputs, 1);
    let weights = Matrix::new(&weights, 9 * channels, outputs);
    let (panels, fewer) = (Panels::new(weights), Winograd::new(weights));
    let width = Winograd::padded(side);
    let map = values(Winograd::padded(LINES) * width * channels, 2);
    let bias = vec![0.0; outputs];
    let mut memory = vec![0.0; fewer.memory()];
    let mut to = vec![0.0; LINES * side * outputs];
    let (mut by_product, mut by_fewer) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        by_product = by_product.min(seconds(|| {
            let rows = Rows::windows(&map, (width, channels), (3, 1), (LINES, side));
            let to = MatrixMut::new(&mut to, LINES * side, outputs);
            multiply_panels(rows, &panels, Start::Row(&bias), Finish::Nothing, to);
        }));
        by_fewer = by_fewer.min(seconds(|| {
            let values = &map;
            fewer.apply(
                PaddedMap { values, width },
                &bias,
                side,
                &mut memory,
                &mut to,
            );
        }));
    }
    (by_product, by_fewer)
}

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let widest = Instructions::widest();
    widest.activate().unwrap();
    let widest_lanes = Instructions::lanes();
    let mut slow = false;
    println!("instructions  product         shape  bgad GFLOP/s  gemm GFLOP/s  ratio");
    for set in Instructions::available() {
        set.activate().unwrap();
        let asked = SHARE * Instructions::lanes() as f64 / widest_lanes as f64;
        for (kind, name) in [(Product::Panels, "a · b"), (Product::Outer, "aᵀ · b")] {
            let mut ratios = Vec::new();
            for shape in SHAPES {
                let (ours, theirs) = compare(kind, shape);
                let ratio = ours / theirs;
                let (m, k, n) = shape;
                println!(
                    "{set:12}  {name:7} {:>13}  {:12.1}  {:12.1}  {ratio:5.2}",
                    format!("{m}x{k}x{n}"),
                    ours * 1e-9,
                    theirs * 1e-9,
                );
                ratios.push(ratio);
            }
            let ratio = median(ratios);
            let enough = ratio >= asked;
            slow |= !enough;
            let line = if enough { "at or above" } else { "BELOW" };
            println!("{set}, {name}: {ratio:.2} of gemm's speed, {line} the line of {asked:.2}");
        }
        for shape in CONVOLUTIONS {
            let (by_product, by_fewer) = convolve(shape);
            let (side, channels, outputs) = shape;
            let parts = side as f64 / LINES as f64 * 1e3;
            println!(
                "{set}, 3 x 3 convolution of {side} x {side} x {channels} to {outputs}: {:.2} ms instead of {:.2} ({:.2})",
                by_fewer * parts,
                by_product * parts,
                by_fewer / by_product
            );
        }
    }
    match check && slow {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
