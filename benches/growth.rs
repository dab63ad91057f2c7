//! How time and memory grow. Each measurement runs in its own process, so that peak memory is its own.
//!
//!     cargo run --release --example growth -- images 200
//!     cargo run --release --example growth -- batch 8
//!     cargo run --release --example growth -- size 512
//!
//! `images N` trains one sub-epoch on N images of 128 pixels; `batch N` predicts N images of 256 pixels
//! together; `size N` predicts one image of N pixels. Prints milliseconds and the peak memory in MiB.
//! `benches/growth.sh` prints everything as tables. Two more arguments give a backbone and its weights
//! instead of the filter bank.
#![allow(clippy::print_stdout)]
#![recursion_limit = "256"]

use std::path::{Path, PathBuf};
use std::time::Instant;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Detector, EvaluateWhen, Layout, RgbImage, Trainer, TrainerConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

/// Trains on `images` images; returns the detector and the seconds it took.
fn train(images: usize, config: TrainerConfig) -> Result<(Detector, f64), Failure> {
    let folder = tempfile::tempdir()?;
    let parts = SyntheticConfig {
        image_size: 128,
        train_images: images,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder.path(), &parts)?;
    let dataset = Layout::Mvtec.read(folder.path(), None)?;
    let config = config.with(|config| {
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
        config.schedule.evaluate = EvaluateWhen::Never;
    });
    let start = Instant::now();
    let detector = Trainer::new(config).fit(&dataset)?;
    Ok((detector, start.elapsed().as_secs_f64()))
}

/// The median of seven calls after a warm-up call, in milliseconds.
fn median<T>(mut work: impl FnMut() -> bgad::Result<T>) -> bgad::Result<f64> {
    work()?;
    let mut times = Vec::new();
    for _ in 0..7 {
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

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = "usage: growth images|batch|size NUMBER [BACKBONE WEIGHTS]";
    let (what, number) = match &arguments[..] {
        [what, number, ..] => (what.as_str(), number.parse::<usize>()?),
        _ => return Err(usage.into()),
    };
    let mut config = TrainerConfig::default();
    if let [_, _, backbone, weights] = &arguments[..] {
        config.backbone.name.clone_from(backbone);
        config.backbone.weights = Some(PathBuf::from(Path::new(weights)));
    }
    let milliseconds = match what {
        "images" => {
            config.input.image_size = Some(128);
            train(number, config)?.1 * 1e3
        }
        "batch" | "size" => {
            let (batch, size) = if what == "batch" {
                (number, 256)
            } else {
                (1, number)
            };
            config.input.image_size = Some(size as u32);
            let (detector, _) = train(2, config)?;
            let image = RgbImage::from_fn(size as u32, size as u32, |x, y| {
                let at = |factor: u32| ((x * factor + y * 7) % 251) as u8;
                [at(3), at(5), at(11)].into()
            });
            let images = vec![image; batch];
            median(|| detector.predict_batch(&images))?
        }
        _ => return Err(usage.into()),
    };
    println!("{milliseconds:.1} {:.1}", peak_mebibytes());
    Ok(())
}
