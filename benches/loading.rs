//! From a file to a backbone's input of 256 x 256 pixels, by the format and the size of the file.
//!
//!     cargo bench --workspace --bench loading
//!
//! `benches/loading.py` sets it beside Pillow.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use bgad_data::{Filter, RgbImage, load_image, normalize, resize};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// A smooth picture with some grain.
fn picture(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let grain = (x * 7 + y * 13) % 11;
        let value = |scale: u32| ((x * scale / 8 + y / 4 + grain) % 256) as u8;
        [value(1), value(2), value(3)].into()
    })
}

fn loading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("loading");
    for side in [256, 1024] {
        for format in ["png", "jpg"] {
            let path = folder.path().join(format!("{side}.{format}"));
            picture(side).save(&path).unwrap();
            group.bench_function(BenchmarkId::new(format, side), |bencher| {
                bencher.iter(|| {
                    let image = load_image(black_box(&path)).unwrap();
                    let image = resize(&image, 256, 256, Filter::Lanczos);
                    normalize(&image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
                });
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = loading
}
criterion_main!(benches);
