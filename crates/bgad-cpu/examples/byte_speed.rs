//! Compares the speed of products of bytes and of single-precision numbers on the same shapes: one thread,
//! alternating, with each instruction set that this machine has.
//!
//!     cargo run --release -p bgad-cpu --example byte_speed
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod timing;

use bgad_cpu::{
    BytePanels, Finish, Instructions, Matrix, MatrixMut, Panels, Rows, Start, multiply_bytes,
    multiply_panels,
};
use timing::{median, seconds};

const ROUNDS: usize = 9;
/// Rows, number and width of strips, columns: stages of V2-B0, its projections, and its memory bank.
const SHAPES: [(usize, usize, usize, usize); 9] = [
    (4096, 3, 12, 32),
    (4096, 3, 96, 16),
    (4096, 3, 96, 128),
    (1024, 3, 144, 192),
    (4096, 1, 128, 32),
    (256, 1, 112, 672),
    (256, 1, 672, 112),
    (256, 14, 48, 112),
    (64, 1, 160, 8000),
];

fn main() {
    for set in Instructions::available() {
        set.activate().unwrap();
        println!("{set}");
        for (rows, strips, width, columns) in SHAPES {
            let depth = strips * width;
            let bytes: Vec<u8> = (0..rows * depth).map(|i| (i * 7919 % 128) as u8).collect();
            let weights: Vec<i8> = (0..depth * columns)
                .map(|i| (i * 104_729 % 64) as i8 - 32)
                .collect();
            let panels = BytePanels::new(&weights, (depth, columns), width).unwrap();
            let (scales, biases) = (vec![1.0; columns], vec![0.0; columns]);
            let mut c = vec![0.0; rows * columns];
            let a: Vec<f32> = bytes.iter().map(|v| f32::from(*v)).collect();
            let b: Vec<f32> = weights.iter().map(|v| f32::from(*v)).collect();
            let single = Panels::new(Matrix::new(&b, depth, columns));
            let mut expected = vec![0.0; rows * columns];
            let (mut of_bytes, mut of_single) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                of_bytes.push(seconds(|| {
                    let a = Rows::in_strips(&bytes, rows, (strips, width), rows * width);
                    let to = MatrixMut::new(&mut c, rows, columns);
                    multiply_bytes(a, &panels, (&scales, &biases), to);
                }));
                of_single.push(seconds(|| {
                    let a = Rows::in_strips(&a, rows, (strips, width), rows * width);
                    let to = MatrixMut::new(&mut expected, rows, columns);
                    multiply_panels(a, &single, Start::Zero, Finish::Nothing, to);
                }));
            }
            assert_eq!(c, expected);
            let work = (rows * depth * columns) as f64 * 1e-9;
            let (of_bytes, of_single) = (work / median(of_bytes), work / median(of_single));
            println!(
                "  {rows:4} x {strips:2} x {width:3} x {columns:4}: bytes {of_bytes:6.1}, \
                 single {of_single:5.1} G multiply-adds/s, {:.2}",
                of_bytes / of_single
            );
        }
    }
}
