//! How AUPRO grows with the number of maps, and how much memory it holds at most:
//! `cargo bench -p bgad-metrics --bench aupro`.
#![allow(missing_docs, clippy::print_stdout)]

use std::hint::black_box;

use bgad_metrics::{LabelledMap, aupro};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

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

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("aupro");
    group.sample_size(10);
    for count in [100, 200, 500, 1000, 2000] {
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
        group.throughput(Throughput::Elements((count * SIDE * SIDE) as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(count),
            &labelled,
            |bencher, labelled| {
                bencher.iter(|| black_box(aupro(labelled, 0.3)));
            },
        );
        if let Some(peak) = peak_mebibytes() {
            let input = count * SIDE * SIDE * 5 / (1 << 20);
            println!("{count} maps: peak {peak} MiB, of which {input} MiB are the maps themselves");
        }
    }
    group.finish();
}

criterion_group!(benches, growth);
criterion_main!(benches);
