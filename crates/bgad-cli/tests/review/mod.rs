//! `bgad review` is started, killed at any time and started again.

mod case;
mod decisions;
mod folders;
mod learner;
mod lessons;
mod masks;
mod models;
