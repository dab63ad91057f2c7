//! How fast images are loaded: decoded, resized and made a network's input, on all cores.
//!
//!     cargo run --release -p bgad-data --example loading_time -- FOLDER SIZE ROUNDS
//!
//! Prints the images per second of each round. `benches/loading.py` runs it beside Pillow.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::PathBuf;
use std::time::Instant;

use bgad_data::{Filter, load_image, normalize, resize};
use rayon::prelude::*;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let mut number = || arguments.next().unwrap().parse::<u32>().unwrap();
    let (size, rounds) = (number(), number());
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for _ in 0..rounds {
        let start = Instant::now();
        let loaded: usize = files
            .par_iter()
            .map(|path| {
                let image = resize(&load_image(path).unwrap(), size, size, Filter::Lanczos);
                normalize(&image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]).len()
            })
            .sum();
        assert_eq!(loaded, files.len() * 3 * (size * size) as usize);
        println!("{}", files.len() as f64 / start.elapsed().as_secs_f64());
    }
}
