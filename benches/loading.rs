//! From a file to a backbone input of 256 x 256 pixels, by file format and image size.
//!
//!     cargo bench --workspace --bench loading
//!
//! `benches/loading.py` compares it with Pillow.
#![allow(missing_docs, clippy::unwrap_used)]

use bgad_data::{Filter, RgbImage, load_image, normalize, resize};
use divan::{Bencher, black_box};

/// A smooth picture with some grain.
fn picture(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let grain = (x * 7 + y * 13) % 11;
        let value = |scale: u32| ((x * scale / 8 + y / 4 + grain) % 256) as u8;
        [value(1), value(2), value(3)].into()
    })
}

fn measure(bencher: Bencher<'_, '_>, side: u32, format: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{side}.{format}"));
    picture(side).save(&path).unwrap();
    bencher.bench_local(|| {
        let image = load_image(black_box(&path)).unwrap();
        let image = resize(&image, 256, 256, Filter::Lanczos);
        normalize(&image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    });
}

#[divan::bench(args = [256, 1024], sample_count = 20)]
fn png(bencher: Bencher<'_, '_>, side: u32) {
    measure(bencher, side, "png");
}

#[divan::bench(args = [256, 1024], sample_count = 20)]
fn jpg(bencher: Bencher<'_, '_>, side: u32) {
    measure(bencher, side, "jpg");
}

fn main() {
    divan::main();
}
