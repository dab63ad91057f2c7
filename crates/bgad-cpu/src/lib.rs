//! CPU kernels on plain slices: matrix products, elementary functions that vectorise, and depthwise
//! convolutions. They use the widest vector instructions that the machine has. The crate is made for bgad's
//! backbones and flows, and its interface may change with them.
//!
//! A tensor library passes over memory once for each operation. On slices, backbones and flows apply several
//! operations while data is in the cache. Nothing here starts threads. Callers divide the work, so that results
//! don't depend on the number of threads.
//!
//! There are products of single-precision numbers ([`multiply_panels`]) and of bytes ([`multiply_bytes`]);
//! the sums of bytes are exact.
//!
//! Loops are portable Rust, except the dot product of bytes, which is written for each instruction set. [`run`]
//! compiles loops for AVX-512, AVX2 with FMA, NEON, WebAssembly's 128 bits and the plain target, and picks a
//! version at run time. [`Instructions`] tells you which one, and lets you choose another. There is no `unsafe`.
//!
//! ```
//! use bgad_cpu::{Matrix, MatrixMut, multiply};
//!
//! let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0]);
//! let mut c = [0.0; 2];
//! multiply(Matrix::new(&a, 2, 2), Matrix::new(&b, 2, 1), MatrixMut::new(&mut c, 2, 1));
//! assert_eq!(c, [3.0, 7.0]);
//! ```

#![forbid(unsafe_code)]

mod activation;
mod arithmetic;
mod byte_bounds;
mod byte_nearest;
mod byte_panels;
mod byte_product;
mod byte_tile;
mod bytes;
mod depthwise;
mod dots;
mod elementary;
mod instructions;
mod kernel;
mod left_out;
mod lengths;
mod matrix;
mod multiply;
mod ordering;
mod outer_products;
mod panels;
mod piecewise;
mod product;
mod projection;
mod register;
mod row_bounds;
mod rows;
mod screened_rows;
mod smallest;
mod summary;
mod tile;
mod winograd;

pub use activation::{Activation, finish};
pub use arithmetic::{Fused, MultiplyAdd, Separate};
pub use byte_nearest::{ByteDistances, least_of_rows};
pub use byte_panels::BytePanels;
pub use byte_product::multiply_bytes;
pub use bytes::{ByteRounding, LARGEST_BYTE, to_centred_bytes, to_signed_bytes};
pub use depthwise::{Depthwise, depthwise_row};
pub use elementary::{exp, sigmoid, sigmoid_in_place, silu, tanh};
pub use instructions::{INSTRUCTIONS_VARIABLE, Instructions, InstructionsError};
pub use kernel::{Kernel, run, vectorized};
pub use lengths::squares;
pub use matrix::{Matrix, MatrixMut};
pub use multiply::{multiply, multiply_add};
pub use outer_products::add_outer_products;
pub use panels::{Panels, RowScaling};
pub use piecewise::Piecewise;
pub use product::{Finish, Start, multiply_panels};
pub use rows::Rows;
pub use screened_rows::ScreenedRows;
pub use smallest::smallest;
pub use winograd::{PaddedMap, Winograd};
