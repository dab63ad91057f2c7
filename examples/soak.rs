//! A long run of `Detector::predict_stream`: memory and throughput over thousands of images, every hundredth
//! of which can't be read.
//!
//!     cargo run --release --example soak [-- --images 20000] [--json]
//!
//! Ends with an error if an image is lost, if its score changes, or if memory grows after the first thousand
//! images.
#![allow(clippy::print_stdout)] // an example talks to a person
#![recursion_limit = "256"]

use std::path::{Path, PathBuf};
use std::time::Instant;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Detector, EvaluateWhen, Layout, Trainer, TrainerConfig, load_image};
use serde_json::json;

const IMAGES: usize = 20_000;
/// Images between two measurements.
const STEP: usize = 1000;
/// Number of different files; the last one is damaged.
const FILES: usize = 100;
/// Most that memory may grow after the first measurement, as a share.
const GROWTH: f64 = 0.1;
const IMAGE_SIZE: u32 = 128;

/// The measurements at one step.
struct Step {
    images: usize,
    per_second: f64,
    /// Images per second of CPU time, which hardly depends on other work on the machine.
    per_cpu_second: Option<f64>,
    memory: Option<u64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let images = arguments.iter().position(|argument| argument == "--images");
    let images = match images.and_then(|at| arguments.get(at + 1)) {
        Some(images) => images.parse()?,
        None => IMAGES,
    };
    let folder = tempfile::tempdir()?;
    let (detector, files) = prepare(folder.path())?;
    let steps = soak(&detector, &files, images)?;

    for step in &steps {
        let mebibytes = step.memory.map(|bytes| bytes as f64 / f64::from(1 << 20));
        if json {
            let row = json!({
                "images": step.images, "per_second": step.per_second,
                "per_cpu_second": step.per_cpu_second, "memory_mib": mebibytes,
            });
            println!("{row}");
        } else {
            let or_dash = |n: Option<f64>| n.map_or("-".to_owned(), |n| format!("{n:.1}"));
            println!(
                "{:>6} images {:>8.1} a second {:>8} a second of CPU time {:>8} MiB",
                step.images,
                step.per_second,
                or_dash(step.per_cpu_second),
                or_dash(mebibytes)
            );
        }
    }
    check(&steps)
}

/// A model on the backbone that needs no weights, and images for it.
fn prepare(folder: &Path) -> Result<(Detector, Vec<PathBuf>), Box<dyn std::error::Error>> {
    let parts = SyntheticConfig {
        image_size: IMAGE_SIZE,
        train_images: 8,
        test_images: FILES,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    let data = folder.join("parts");
    synthetic::write(&data, &parts)?;
    let dataset = Layout::Mvtec.read(&data, None)?;
    let config = TrainerConfig::default().with(|config| {
        config.input.image_size = Some(IMAGE_SIZE);
        config.flow.coupling_blocks = 4;
        config.flow.position_dimension = 32;
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
        config.schedule.evaluate = EvaluateWhen::Never;
    });
    let detector = Trainer::new(config).fit(&dataset)?;
    let files = dataset
        .test
        .iter()
        .take(FILES)
        .map(|sample| sample.path.clone());
    let files: Vec<PathBuf> = files.collect();
    let damaged = files.last().ok_or("there are test images")?;
    let bytes = std::fs::read(damaged)?;
    std::fs::write(damaged, &bytes[..bytes.len() / 2])?;
    Ok((detector, files))
}

fn soak(
    detector: &Detector,
    files: &[PathBuf],
    images: usize,
) -> Result<Vec<Step>, Box<dyn std::error::Error>> {
    let stream = (0..images).map(|index| Ok(load_image(&files[index % files.len()])?));
    let mut expected: Vec<Option<f32>> = vec![None; files.len()];
    let mut steps = Vec::new();
    let (mut start, mut cpu_start, mut seen) = (Instant::now(), cpu_seconds(), 0);
    for prediction in detector.predict_stream(stream) {
        let file = seen % files.len();
        let is_damaged = file + 1 == files.len();
        match prediction {
            Ok(prediction) if !is_damaged => {
                let score = prediction.score;
                if *expected[file].get_or_insert(score) != score {
                    return Err(format!("image {seen} is scored differently than before").into());
                }
            }
            Err(_) if is_damaged => {}
            Ok(_) => return Err(format!("image {seen} is damaged and was scored").into()),
            Err(error) => return Err(error.into()),
        }
        seen += 1;
        if seen % STEP == 0 {
            let cpu = cpu_seconds();
            steps.push(Step {
                images: seen,
                per_second: STEP as f64 / start.elapsed().as_secs_f64(),
                per_cpu_second: cpu
                    .zip(cpu_start)
                    .map(|(now, then)| STEP as f64 / (now - then)),
                memory: memory(),
            });
            (start, cpu_start) = (Instant::now(), cpu);
        }
    }
    match seen == images {
        true => Ok(steps),
        false => Err(format!("{seen} of {images} images came back").into()),
    }
}

/// Returns an error if memory has grown.
fn check(steps: &[Step]) -> Result<(), Box<dyn std::error::Error>> {
    let memory: Vec<f64> = steps
        .iter()
        .filter_map(|step| step.memory)
        .map(|m| m as f64)
        .collect();
    let Some((first, later)) = memory.split_first() else {
        return Ok(());
    };
    let most = later.iter().copied().fold(*first, f64::max);
    match most <= first * (1.0 + GROWTH) {
        true => Ok(()),
        false => Err(format!("memory grew from {first} to {most} bytes").into()),
    }
}

/// Memory that this process holds, in bytes, if the system reports it (Linux).
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// CPU time that this process has used, in seconds, if the system reports it (Linux).
fn cpu_seconds() -> Option<f64> {
    const TICKS_PER_SECOND: f64 = 100.0; // what Linux counts in for programs
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}
