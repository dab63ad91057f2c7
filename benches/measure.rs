//! The cost of a prediction in this process, as one JSON object: milliseconds per image, alone and in batches
//! of eight, and the peak memory.
//!
//!     cargo run --release --example measure -- MODEL
//!
//! `benches/compare.sh` compares it with PyTorch.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use bgad::{Detector, Device, RgbImage};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The median of this many calls after a warm-up call, in milliseconds.
fn median<T>(runs: usize, mut work: impl FnMut() -> bgad::Result<T>) -> bgad::Result<f64> {
    work()?;
    let mut times = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// The largest resident memory so far, in MiB; 0 if the system does not report it.
fn peak_mebibytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = std::env::args().nth(1).ok_or("usage: measure MODEL")?;
    let detector = Detector::load(Path::new(&model), &Device::flex())?;
    let size = detector.description().config.input.image_size;
    let image = RgbImage::from_fn(size, size, |x, y| {
        let at = |factor: u32| ((x * factor + y * 7) % 251) as u8;
        [at(3), at(5), at(11)].into()
    });
    let images = vec![image.clone(); 8];
    let alone = median(15, || detector.predict(&image))?;
    let together = median(5, || detector.predict_batch(&images))? / 8.0;
    println!(
        "{{\"batch_1\": {alone:.3}, \"batch_8\": {together:.3}, \"peak_mib\": {:.1}}}",
        peak_mebibytes()
    );
    Ok(())
}
