//! Times the AUPRO of random maps with ring-shaped and square defects:
//! `cargo run --release -p bgad-metrics --example aupro_time -- [MAPS] [SIDE]`, by default 100 maps
//! of 256 x 256 pixels. `RAYON_NUM_THREADS=1` shows one core. A third argument, the budget in MiB,
//! pushes the maps one at a time into the streaming form instead of holding them all.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use bgad_metrics::{
    AupimoBounds, LabelledMap, MetricError, StreamingPixelMetrics, aupimo, aupro, paper_protocol,
    pixel_auroc,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let side: usize = arguments.next().map_or(Ok(256), |text| text.parse())?;

    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut next = |index: usize| random_map(&mut rng, index, side);
    if let Some(budget) = arguments.next() {
        return Ok(stream(count, side, budget.parse()?, next)?);
    }
    let maps: Vec<(Vec<f32>, Vec<bool>)> = (0..count).map(&mut next).collect();
    let maps: Vec<LabelledMap<'_>> = maps
        .iter()
        .map(|(scores, mask)| LabelledMap {
            width: side,
            height: side,
            scores,
            mask,
        })
        .collect();

    println!(
        "{count} maps of {side} x {side}, {} threads",
        rayon::current_num_threads()
    );
    let time = |name: &str, metric: &dyn Fn() -> Result<f64, MetricError>| {
        for _ in 0..3 {
            let start = Instant::now();
            let value = metric()?;
            println!(
                "{name}: {value:.6} in {:.3} s",
                start.elapsed().as_secs_f64()
            );
        }
        Ok::<(), MetricError>(())
    };
    time("AUPRO at 0.3", &|| aupro(&maps, 0.3))?;
    time("AUPRO of the paper's protocol", &|| {
        paper_protocol::aupro(&maps)
    })?;
    time("pixel AUROC", &|| pixel_auroc(&maps))?;
    time("mean AUPIMO", &|| {
        Ok(aupimo(&maps, AupimoBounds::default())?.mean)
    })?;
    Ok(print_peak_memory()?)
}

fn random_map(rng: &mut ChaCha8Rng, index: usize, side: usize) -> (Vec<f32>, Vec<bool>) {
    let is_defect = |pixel: usize| {
        let (row, column) = (pixel / side, pixel % side);
        let from_centre = row.abs_diff(side / 2).max(column.abs_diff(side / 2));
        let ring = (side / 5..side / 4).contains(&from_centre);
        // Every fourth map is normal.
        !index.is_multiple_of(4) && (ring || from_centre < side / 16)
    };
    let mask: Vec<bool> = (0..side * side).map(is_defect).collect();
    let scores = mask
        .iter()
        .map(|&defect| rng.random_range(0.0..1.0) + if defect { 0.3 } else { 0.0 })
        .collect();
    (scores, mask)
}

fn stream(
    count: usize,
    side: usize,
    budget: usize,
    mut next: impl FnMut(usize) -> (Vec<f32>, Vec<bool>),
) -> Result<(), MetricError> {
    println!("{count} maps of {side} x {side}, streaming with {budget} MiB");
    let mut metrics = StreamingPixelMetrics::with_memory(budget << 20);
    let start = Instant::now();
    for index in 0..count {
        let (scores, mask) = next(index);
        metrics.push(&LabelledMap {
            width: side,
            height: side,
            scores: &scores,
            mask: &mask,
        })?;
    }
    println!("made and pushed in {:.3} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let value = metrics.aupro(0.3)?;
    println!(
        "AUPRO at 0.3: {value:.6} in {:.3} s",
        start.elapsed().as_secs_f64()
    );
    print_peak_memory()
}

/// As Linux counts it; nothing elsewhere.
fn print_peak_memory() -> Result<(), MetricError> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("peak memory: {}", line.trim_start_matches("VmHWM:").trim());
    }
    Ok(())
}
