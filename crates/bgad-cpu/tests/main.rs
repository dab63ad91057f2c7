//! Tests of `bgad-cpu` that share a process. `instructions` is a separate program, because it changes the
//! instructions that the whole process uses.

mod bytes;
mod kernels;
mod layers;
mod nearest;
mod panels;
mod winograd;
