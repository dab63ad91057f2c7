//! Tests of `bgad-cpu` that share a process. `instructions` is a program of its own, since it
//! changes the instructions that the whole process computes with.

mod bytes;
mod kernels;
mod layers;
mod panels;
