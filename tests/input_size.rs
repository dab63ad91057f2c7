//! The size of inputs follows from the normal training images.

use std::path::Path;

use bgad::{
    Dataset, EvaluateWhen, FinerSize, Granularity, Layout, Model, RgbImage, Trainer, TrainerConfig,
};

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

/// Writes a picture of patches of random brightnesses, at other places in each picture.
fn draw_texture(path: &Path, side: u32, number: u32) {
    let mixed = |bits: u32, factor: u32| (bits ^ bits >> 15).wrapping_mul(factor);
    let patch = |x: u32, y: u32| {
        let of_place = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
        let bits = mixed(of_place ^ number.wrapping_mul(0xC2B2_AE3D), 0x2C1B_3C6D);
        (bits ^ bits >> 12) % 200
    };
    let pixels = (0..side * side).flat_map(|at| {
        let (x, y) = (at % side + number * 5, at / side + number * 3);
        [patch(x / 9, y / 7) as u8; 3]
    });
    let image = RgbImage::from_raw(side, side, pixels.collect()).unwrap();
    image.save(path).unwrap();
}

/// Normal images of parts of this radius, and an abnormal one.
fn set(root: &Path, side: u32, radius: u32) -> Dataset {
    drawn(root, |path, number| draw(path, side, radius, number))
}

/// Normal images that `draw` writes, and an abnormal image without a mask.
fn drawn(root: &Path, draw: impl Fn(&Path, u32)) -> Dataset {
    for (part, count) in [("train/good", 4), ("test/good", 1), ("test/bad", 1)] {
        std::fs::create_dir_all(root.join(part)).unwrap();
        for number in 0..count {
            let path = root.join(part).join(format!("{number}.png"));
            draw(&path, number + 100 * part.len() as u32);
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

/// The sizes of the usual and of the finer input.
fn sizes(config: TrainerConfig, dataset: &Dataset) -> (Option<u32>, FinerSize) {
    let detector = Trainer::new(config).fit(dataset).unwrap();
    let input = &detector.description().config.input;
    (input.image_size, input.finer_size)
}

#[test]
fn small_parts_on_a_plain_background_have_larger_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let small = |side: u32| set(&folder.path().join(side.to_string()), side, side / 8);
    let alone = |size| (Some(size), FinerSize::Off);
    assert_eq!(sizes(config(), &small(512)), alone(512));
    assert_eq!(sizes(config(), &small(400)), alone(384));
    assert_eq!(sizes(config(), &small(300)), alone(256));
    let given = config().with(|config| config.input.image_size = Some(128));
    assert_eq!(sizes(given, &small(512)), alone(128));
    // Tiles have the image's own resolution.
    let tiles = config().with(|config| config.input.fit = "tiles:16".parse().unwrap());
    assert_eq!(sizes(tiles, &small(512)), alone(256));
}

#[test]
fn pictures_without_a_background_have_a_finer_input_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let texture = |side: u32| {
        let root = folder.path().join(side.to_string());
        drawn(&root, |path, number| draw_texture(path, side, number));
        let masks = root.join("ground_truth/bad");
        std::fs::create_dir_all(&masks).unwrap();
        let mask = RgbImage::from_pixel(side, side, [255; 3].into());
        mask.save(masks.join("0_mask.png")).unwrap();
        Layout::Mvtec.read(&root, None).unwrap()
    };
    let large = texture(300);
    let two = (Some(192), FinerSize::Pixels(384));
    assert_eq!(sizes(config(), &large), two);
    let usual = (Some(256), FinerSize::Off);
    assert_eq!(sizes(config(), &texture(128)), usual);
    let off = config().with(|config| config.input.finer_size = FinerSize::Off);
    assert_eq!(sizes(off, &large), usual);
    let given = config().with(|config| config.input.finer_size = FinerSize::Pixels(320));
    assert_eq!(sizes(given, &large), (Some(256), FinerSize::Pixels(320)));
    let asked = config().with(|config| config.input.image_size = Some(256));
    assert_eq!(sizes(asked, &large), usual);
    let beside_whole_images = config().with(|config| config.granularity = Some(Granularity::Both));
    assert_eq!(sizes(beside_whole_images, &large), two);
    // Whole images alone need no finer input.
    let whole = config().with(|config| config.granularity = Some(Granularity::Image));
    assert_eq!(sizes(whole, &large), usual);
}

#[test]
fn a_part_that_fills_most_of_its_picture_has_the_usual_input() {
    let folder = tempfile::tempdir().unwrap();
    let part = set(folder.path(), 300, 140);
    assert_eq!(sizes(config(), &part), (Some(256), FinerSize::Off));
}

#[test]
fn without_masks_positions_alone_count_if_there_is_no_background() {
    let folder = tempfile::tempdir().unwrap();
    let granularity = |config: TrainerConfig, dataset: &Dataset| {
        let detector = Trainer::new(config).fit(dataset).unwrap();
        detector.description().granularity
    };
    let texture = drawn(&folder.path().join("texture"), |path, number| {
        draw_texture(path, 160, number);
    });
    let small = config().with(|config| config.input.image_size = Some(128));
    for open in [config(), small] {
        assert_eq!(granularity(open, &texture), Granularity::Pixel);
    }
    let asked = config().with(|config| config.granularity = Some(Granularity::Both));
    assert_eq!(granularity(asked, &texture), Granularity::Both);
    // Without pooled features there is no score of positions and whole images together.
    let whole = config().with(|config| config.pooled.flows = false);
    assert_eq!(granularity(whole, &texture), Granularity::Image);
    for radius in [40, 140] {
        let part = set(&folder.path().join(radius.to_string()), 300, radius);
        assert_eq!(granularity(config(), &part), Granularity::Both);
    }
}
