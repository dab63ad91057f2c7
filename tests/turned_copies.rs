//! Turned copies of normal training images.

use std::path::Path;

use bgad::{
    Dataset, Detector, EvaluateWhen, FinerSize, Fit, Granularity, Layout, Model, RgbImage,
    Rotations, TrainFlows, Trainer, TrainerConfig, load_image,
};

const SIDE: u32 = 128;

/// Writes a picture of a bar with a head at one end, turned by `degrees`, on a plain background with noise.
fn draw(path: &Path, side: u32, number: u32, degrees: f64) {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let middle = f64::from(side) / 2.0 + f64::from(number % 3) - 1.0;
    let scale = f64::from(side) / 128.0;
    let pixels = (0..side * side).flat_map(|at| {
        let (x, y) = (at % side, at / side);
        let bits = (at ^ (number << 20)).wrapping_mul(0x9E37_79B1);
        let noise = ((bits ^ (bits >> 15)).wrapping_mul(0x2C1B_3C6D) >> 20) & 3;
        let (x, y) = (f64::from(x) - middle, f64::from(y) - middle);
        let along = (cosine * x + sine * y) / scale;
        let across = (cosine * y - sine * x) / scale;
        let bar = along.abs() < 30.0 && across.abs() < 3.0;
        let head = (along - 24.0).abs() < 6.0 && across.abs() < 12.0;
        let value = match (head, bar) {
            (true, _) => 40,
            (_, true) => 90,
            _ => 200,
        };
        [(value + noise) as u8; 3]
    });
    let image = RgbImage::from_raw(side, side, pixels.collect()).unwrap();
    image.save(path).unwrap();
}

/// Twelve normal images, each turned by an angle that follows from its number.
fn parts(root: &Path, side: u32, degrees: impl Fn(u32) -> f64) -> Dataset {
    let folder = root.join("train/good");
    std::fs::create_dir_all(&folder).unwrap();
    for number in 0..12 {
        let path = folder.join(format!("{number:02}.png"));
        draw(&path, side, number, degrees(number));
    }
    Layout::Mvtec.read(root, None).unwrap()
}

fn still(number: u32) -> f64 {
    f64::from(number % 5)
}

fn config() -> TrainerConfig {
    TrainerConfig::default().with(|config| {
        config.model = Model::Bgad;
        config.schedule.evaluate = EvaluateWhen::Never;
        config.memory_bank.size = 500;
        config.input.image_size = Some(64);
    })
}

fn trained(config: TrainerConfig, dataset: &Dataset) -> Detector {
    Trainer::new(config).fit(dataset).unwrap()
}

fn rotations(config: TrainerConfig, dataset: &Dataset) -> Rotations {
    let detector = trained(config, dataset);
    detector.description().config.input.rotations
}

#[test]
fn parts_at_any_angle_have_turned_copies() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, degrees: fn(u32) -> f64| parts(&folder.path().join(name), SIDE, degrees);
    let any = at("any", |number| 137.5 * f64::from(number));
    let two_ways = at("two", |number| {
        still(number) + f64::from(number % 2) * 180.0
    });
    assert_eq!(rotations(config(), &any), Rotations::Quarter);
    assert_eq!(rotations(config(), &two_ways), Rotations::Half);
    assert_eq!(rotations(config(), &at("still", still)), Rotations::Off);
    let off = config().with(|config| config.input.rotations = Rotations::Off);
    assert_eq!(rotations(off, &any), Rotations::Off);
    let half = config().with(|config| config.input.rotations = Rotations::Half);
    assert_eq!(rotations(half, &any), Rotations::Half);
    let whole = config().with(|config| config.granularity = Some(Granularity::Image));
    assert_eq!(rotations(whole, &any), Rotations::Off);
    let trains = config().with(|config| {
        config.schedule.train_flows = TrainFlows::Always;
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
    });
    assert_eq!(rotations(trains, &any), Rotations::Off);
}

#[test]
fn textures_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir_all(root.join("train/good")).unwrap();
    for number in 0..12u32 {
        // Grains that look the same at any angle.
        let value = |at: u32| (at.wrapping_mul(2_654_435_761).wrapping_add(number) >> 17) & 127;
        let pixels = (0..SIDE * SIDE).flat_map(|at| [value(at ^ (number << 14)) as u8; 3]);
        let image = RgbImage::from_raw(SIDE, SIDE, pixels.collect()).unwrap();
        image
            .save(root.join(format!("train/good/{number}.png")))
            .unwrap();
    }
    let dataset = Layout::Mvtec.read(root, None).unwrap();
    assert_eq!(rotations(config(), &dataset), Rotations::Off);
}

#[test]
fn a_model_with_copies_finds_turned_parts_normal() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("set"), SIDE, still);
    let turned = folder.path().join("turned.png");
    draw(&turned, SIDE, 1, 90.0 + still(1));
    let turned = load_image(&turned).unwrap();
    let score = |rotations: Rotations| {
        let config = config().with(|config| config.input.rotations = rotations);
        let detector = trained(config, &dataset);
        let highest = detector.description().normal_scores.iter();
        let highest = highest.copied().fold(f32::MIN, f32::max);
        // Copies are no images of their own: thresholds promise what twelve images support.
        assert_eq!(detector.description().normal_scores.len(), 12);
        (detector.predict(&turned).unwrap().score, highest)
    };
    let (alone, highest) = score(Rotations::Off);
    assert!(alone > 2.0 * highest.max(1.0), "{alone} {highest}");
    let (alone, highest) = score(Rotations::Half);
    assert!(alone > 2.0 * highest.max(1.0), "{alone} {highest}");
    let (with_copies, highest) = score(Rotations::Quarter);
    assert!(with_copies < highest.max(1.0), "{with_copies} {highest}");
}

#[test]
fn copies_suit_tiles_finer_inputs_and_trained_flows() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("set"), SIDE, still);
    let of = |change: &dyn Fn(&mut TrainerConfig)| {
        let config = config().with(|config| {
            config.input.rotations = Rotations::Quarter;
            change(config);
        });
        let detector = trained(config, &dataset);
        assert_eq!(detector.description().normal_scores.len(), 12);
        let path = &dataset.train[0].path;
        detector.predict(&load_image(path).unwrap()).unwrap()
    };
    of(&|config| config.input.fit = Fit::Tiles(8));
    of(&|config| config.input.finer_size = FinerSize::Pixels(96));
    of(&|config| {
        config.schedule.train_flows = TrainFlows::Always;
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
    });
}

#[test]
fn an_image_that_cannot_be_read_is_left_out_with_its_copies() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path(), SIDE, still);
    std::fs::write(&dataset.train[3].path, b"no image").unwrap();
    let config = config().with(|config| config.input.rotations = Rotations::Quarter);
    let training = Trainer::new(config).run(&dataset).unwrap();
    assert_eq!(training.detector.description().normal_scores.len(), 11);
    let warnings = training.warnings.join("\n");
    assert_eq!(warnings.matches("03.png").count(), 1, "{warnings}");
}
