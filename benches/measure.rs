//! The cost of a prediction in this process, as one JSON object: milliseconds per image, alone and in batches
//! of eight, and the peak memory. Several models are measured alternately; each gets one line.
//!
//!     cargo run --release --example measure -- MODEL...
//!
//! `benches/compare.sh` compares it with PyTorch.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::Instant;

use bgad::{Detector, Device, RgbImage};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The median.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The times of this many calls, after a warm-up call, in milliseconds.
fn times<T>(runs: usize, mut work: impl FnMut() -> bgad::Result<T>) -> bgad::Result<Vec<f64>> {
    work()?;
    let time = |_| {
        let start = Instant::now();
        work()?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    };
    (0..runs).map(time).collect()
}

/// The largest resident memory so far, in MiB; 0 if the system does not report it.
fn peak_mebibytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let models: Vec<String> = std::env::args().skip(1).collect();
    if models.is_empty() {
        return Err("usage: measure MODEL...".into());
    }
    let load = |model: &String| Detector::load(Path::new(model), &Device::flex());
    let detectors: Vec<Detector> = models.iter().map(load).collect::<Result<_, _>>()?;
    let mut alone = vec![Vec::new(); models.len()];
    let mut together = alone.clone();
    // Alternately, so that other work on the machine affects all models.
    for _ in 0..if models.len() > 1 { 8 } else { 1 } {
        for (index, detector) in detectors.iter().enumerate() {
            let size = detector.description().config.input.size();
            let image = RgbImage::from_fn(size, size, |x, y| {
                let at = |factor: u32| ((x * factor + y * 7) % 251) as u8;
                [at(3), at(5), at(11)].into()
            });
            let images = vec![image.clone(); 8];
            alone[index].extend(times(15, || detector.predict(&image))?);
            together[index].extend(times(5, || detector.predict_batch(&images))?);
        }
    }
    for (alone, together) in alone.into_iter().zip(together) {
        println!(
            "{{\"batch_1\": {:.3}, \"batch_8\": {:.3}, \"peak_mib\": {:.1}}}",
            median(alone),
            median(together) / 8.0,
            peak_mebibytes()
        );
    }
    Ok(())
}
