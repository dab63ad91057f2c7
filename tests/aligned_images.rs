//! Images that show the same thing at the same place.

use std::path::Path;

use bgad::{Dataset, Detector, Device, Granularity, Layout, Model, RgbImage, Trainer, load_image};

use crate::common::settings;

const SIDE: u32 = 64;
/// Where all normal images have a square of this width, and where the test image has a second one.
const SQUARE: u32 = 16;
const USUAL: (u32, u32) = (8, 24);
const OTHER: (u32, u32) = (40, 24);

/// Writes a gradient with noise, with squares at these places.
fn draw(path: &Path, number: u32, squares: &[(u32, u32)]) {
    let pixels = (0..SIDE * SIDE).flat_map(|at| {
        let (x, y) = (at % SIDE, at / SIDE);
        let inside = |(left, top): &(u32, u32)| {
            (*left..left + SQUARE).contains(&x) && (*top..top + SQUARE).contains(&y)
        };
        let noise = (at * 7919 + number * 104_729) % 1009 % 7;
        let ground = if squares.iter().any(inside) {
            20
        } else {
            130 + x
        };
        [
            (ground + noise) as u8,
            (ground + noise) as u8,
            (ground + y / 4) as u8,
        ]
    });
    let image = RgbImage::from_raw(SIDE, SIDE, pixels.collect()).unwrap();
    image.save(path).unwrap();
}

/// Twelve normal images whose square lies at `place`, and an abnormal one with two squares.
fn set(root: &Path, place: impl Fn(u32) -> (u32, u32)) -> Dataset {
    for (part, count) in [("train/good", 12), ("test/good", 2)] {
        std::fs::create_dir_all(root.join(part)).unwrap();
        for number in 0..count {
            let number = number + part.len() as u32 * 100;
            draw(
                &root.join(part).join(format!("{number}.png")),
                number,
                &[place(number)],
            );
        }
    }
    std::fs::create_dir_all(root.join("test/bad")).unwrap();
    draw(&root.join("test/bad/0.png"), 7, &[USUAL, OTHER]);
    Layout::Mvtec.read(root, None).unwrap()
}

fn trained(dataset: &Dataset, gaussians: bool) -> Detector {
    let config = settings().with(|config| {
        config.model = Model::Bgad;
        config.granularity = Some(Granularity::Pixel);
        config.memory_bank.gaussians = gaussians;
    });
    Trainer::new(config).fit(dataset).unwrap()
}

#[test]
fn what_is_normal_at_another_place_deviates() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = set(&folder.path().join("same"), |_| USUAL);
    let detector = trained(&dataset, true);
    let image = load_image(&folder.path().join("same/test/bad/0.png")).unwrap();
    let maps = detector.log_likelihoods(&image).unwrap();
    let map = maps[0].deviations.as_ref().unwrap();
    let side = map.side;
    assert_eq!(map.values.len(), side * side);
    let mean = |(left, top): (u32, u32)| {
        let inside = |at: usize, first: u32| {
            let middle = (2 * at as u32 + 1) * SIDE / (2 * side as u32);
            (first..first + SQUARE).contains(&middle)
        };
        let values = map.values.iter().enumerate();
        let values = values.filter(|(at, _)| inside(at % side, left) && inside(at / side, top));
        let values: Vec<f32> = values.map(|(_, value)| *value).collect();
        values.iter().sum::<f32>() / values.len() as f32
    };
    let (usual, other) = (mean(USUAL), mean(OTHER));
    assert!(other > 3.0 * usual, "{other} {usual}");

    let file = folder.path().join("model.bgad");
    detector.save(&file).unwrap();
    let loaded = Detector::load(&file, &Device::flex()).unwrap();
    let [own, read] = [&detector, &loaded].map(|detector| detector.predict(&image).unwrap());
    assert_eq!((own.score, own.map), (read.score, read.map));

    let without = trained(&dataset, false);
    assert_eq!(without.log_likelihoods(&image).unwrap()[0].deviations, None);
}

#[test]
fn images_that_differ_at_each_place_have_no_gaussians() {
    let folder = tempfile::tempdir().unwrap();
    let place = |number: u32| (number * 37 % (SIDE - SQUARE), number * 53 % (SIDE - SQUARE));
    let dataset = set(&folder.path().join("anywhere"), place);
    let detector = trained(&dataset, true);
    let image = load_image(&folder.path().join("anywhere/test/bad/0.png")).unwrap();
    assert_eq!(
        detector.log_likelihoods(&image).unwrap()[0].deviations,
        None
    );
}
