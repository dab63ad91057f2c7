//! The size of inputs follows from the normal training images.

use std::path::Path;

use bgad::{Dataset, EvaluateWhen, Layout, Model, RgbImage, Trainer, TrainerConfig};

/// Writes a picture of noise with a part of `radius` pixels, whose surface has a pattern.
fn draw(path: &Path, side: u32, radius: u32, number: u32) {
    let middle = side / 2 + number % 7;
    let pixels = (0..side * side).flat_map(|at| {
        let (x, y) = (at % side, at / side);
        let noise = (at * 7919 + number * 104_729) % 1009 % 4;
        let apart = x.abs_diff(middle).pow(2) + y.abs_diff(middle).pow(2);
        let part = (x / 5 * 37 + y / 7 * 59 + number) % 4 * 40;
        let value = if apart < radius * radius { part } else { 200 };
        [(value + noise) as u8; 3]
    });
    let image = RgbImage::from_raw(side, side, pixels.collect()).unwrap();
    image.save(path).unwrap();
}

/// Normal images of parts of this radius, and one abnormal image without a mask.
fn set(root: &Path, side: u32, radius: u32) -> Dataset {
    for (part, count) in [("train/good", 4), ("test/good", 1), ("test/bad", 1)] {
        std::fs::create_dir_all(root.join(part)).unwrap();
        for number in 0..count {
            let path = root.join(part).join(format!("{number}.png"));
            draw(&path, side, radius, number + 100 * part.len() as u32);
        }
    }
    Layout::Mvtec.read(root, None).unwrap()
}

fn config() -> TrainerConfig {
    TrainerConfig::default().with(|config| {
        config.model = Model::Bgad;
        config.schedule.evaluate = EvaluateWhen::Never;
        config.memory_bank.size = 500;
    })
}

fn chosen(config: TrainerConfig, dataset: &Dataset) -> Option<u32> {
    let detector = Trainer::new(config).fit(dataset).unwrap();
    detector.description().config.input.image_size
}

#[test]
fn small_parts_on_a_plain_background_have_larger_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let small = |side: u32| set(&folder.path().join(side.to_string()), side, side / 8);
    assert_eq!(chosen(config(), &small(512)), Some(512));
    assert_eq!(chosen(config(), &small(400)), Some(384));
    assert_eq!(chosen(config(), &small(300)), Some(256));
    let given = config().with(|config| config.input.image_size = Some(128));
    assert_eq!(chosen(given, &small(512)), Some(128));
    // Tiles have the image's own resolution.
    let tiles = config().with(|config| config.input.fit = "tiles:16".parse().unwrap());
    assert_eq!(chosen(tiles, &small(512)), Some(256));
}

#[test]
fn pictures_without_a_background_keep_the_usual_size() {
    let folder = tempfile::tempdir().unwrap();
    let texture = set(&folder.path().join("texture"), 512, 512);
    assert_eq!(chosen(config(), &texture), Some(256));
}
