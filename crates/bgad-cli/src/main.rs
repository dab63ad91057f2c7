//! The `bgad` command line.
fn main() {}
