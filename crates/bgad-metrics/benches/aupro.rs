//! How AUPRO grows with the number of maps, and how much memory it holds at most:
//! `cargo bench -p bgad-metrics --bench aupro`.
#![allow(missing_docs, clippy::print_stdout)]

use std::sync::Mutex;

use bgad_metrics::{LabelledMap, aupro};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

const SIDE: usize = 256;

/// Scores from a generator that needs no crate, and a square defect on every second map.
fn maps(count: usize) -> Vec<(Vec<f32>, Vec<bool>)> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32
    };
    (0..count)
        .map(|index| {
            let inside =
                |p: usize| (80..120).contains(&(p / SIDE)) && (60..110).contains(&(p % SIDE));
            let mask: Vec<bool> = (0..SIDE * SIDE)
                .map(|p| index % 2 == 1 && inside(p))
                .collect();
            let scores = mask
                .iter()
                .map(|&defect| random() + f32::from(u8::from(defect)) * 0.5);
            (scores.collect(), mask)
        })
        .collect()
}

/// The most memory that this process has held, where the system tells (Linux).
fn peak_mebibytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024)
}

/// Printed after the table of times, which is written while it is measured.
static PEAKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[divan::bench(args = [100, 200, 500, 1000, 2000], sample_count = 10, sample_size = 1)]
fn growth(bencher: Bencher<'_, '_>, count: usize) {
    let maps = maps(count);
    let labelled: Vec<LabelledMap<'_>> = maps
        .iter()
        .map(|(scores, mask)| LabelledMap {
            width: SIDE,
            height: SIDE,
            scores,
            mask,
        })
        .collect();
    bencher
        .counter(ItemsCount::new(count * SIDE * SIDE))
        .bench_local(|| aupro(black_box(&labelled), 0.3));
    if let (Some(peak), Ok(mut peaks)) = (peak_mebibytes(), PEAKS.lock()) {
        let input = count * SIDE * SIDE * 5 / (1 << 20);
        peaks.push(format!(
            "{count} maps: peak {peak} MiB, of which {input} MiB are the maps themselves"
        ));
    }
}

fn main() {
    divan::main();
    if let Ok(peaks) = PEAKS.lock() {
        peaks.iter().for_each(|line| println!("{line}"));
    }
}
