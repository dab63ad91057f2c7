//! Fine textures, whose neighbouring positions are alike only by chance.

use std::path::Path;

use bgad::{Detector, Device, Granularity, Layout, Model, RgbImage, Trainer, load_image};

use crate::common::{parts, settings};

const SIDE: u32 = 128;
/// The width of a thread, that of a position.
const THREAD: u32 = 8;

/// Writes an image of a weave with some noise.
fn weave(path: &Path, number: u64) {
    let mut state = number + 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let pixels = (0..SIDE * SIDE).flat_map(|at| {
        let (column, row) = (at % SIDE / THREAD, at / SIDE / THREAD);
        let thread = if (column + row) % 2 == 0 { 160 } else { 32 };
        [thread + next() / 4; 3]
    });
    let image = RgbImage::from_raw(SIDE, SIDE, pixels.collect()).unwrap();
    image.save(path).unwrap();
}

#[test]
fn log_likelihoods_replace_distances_and_edges_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("weave");
    for (part, count) in [("train/good", 8), ("test/good", 2), ("test/bad", 1)] {
        std::fs::create_dir_all(root.join(part)).unwrap();
        for number in 0..count {
            let seed = (part.len() * 100 + number) as u64;
            weave(&root.join(part).join(format!("{number}.png")), seed);
        }
    }
    let dataset = Layout::Mvtec.read(&root, None).unwrap();
    let config = settings().with(|config| {
        config.model = Model::Bgad;
        config.granularity = Some(Granularity::Pixel);
        config.input.image_size = Some(128);
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let constants = |of: &Detector| serde_json::to_value(&of.description().calibration).unwrap();
    let of_weave = constants(&detector);
    assert!(of_weave["fineness"].as_f64().unwrap() > 0.5, "{of_weave}");
    let maps = detector
        .log_likelihoods(&load_image(&root.join("test/bad/0.png")).unwrap())
        .unwrap();
    let maps = maps[0].levels.iter().filter(|map| !map.is_pooled());
    let sides: Vec<usize> = maps.map(|map| map.width).collect();
    let edges = of_weave["edges"].as_array().unwrap();
    let lengths = |lines: &str| {
        let lines = edges
            .iter()
            .map(|edges| edges[lines].as_array().unwrap().len());
        lines.collect::<Vec<usize>>()
    };
    assert_eq!(
        (lengths("rows"), lengths("columns")),
        (sides.clone(), sides)
    );

    let file = folder.path().join("model.bgad");
    detector.save(&file).unwrap();
    let loaded = Detector::load(&file, &Device::flex()).unwrap();
    assert_eq!(constants(&loaded), of_weave);

    // Parts are larger than a position.
    let dataset = parts(&folder.path().join("parts"));
    let of_parts = constants(&Trainer::new(settings()).fit(&dataset).unwrap());
    assert_eq!(of_parts["fineness"].as_f64(), Some(0.0));
    assert_eq!(of_parts["edges"].as_array().map(Vec::len), Some(0));
}
