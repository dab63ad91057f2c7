//! Images and masks turned by quarter turns.

use bgad_data::{MaskFiles, Region, RgbImage, Sample, Turn};
use image::{GrayImage, Luma, Rgb};

const TURNS: [Turn; 4] = [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters];

#[test]
fn a_mask_turns_with_its_image() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mask) = (folder.path().join("a.png"), folder.path().join("m.png"));
    let bright = |x: u32, y: u32| x == 1 && y < 2;
    let image = RgbImage::from_fn(5, 3, |x, y| Rgb([if bright(x, y) { 255 } else { 0 }; 3]));
    image.save(&path).unwrap();
    let marked = GrayImage::from_fn(5, 3, |x, y| Luma([if bright(x, y) { 255 } else { 0 }]));
    marked.save(&mask).unwrap();
    let region = Some(Region {
        x: 1,
        y: 0,
        width: 4,
        height: 3,
    });
    for region in [None, region] {
        for turn in TURNS {
            let sample = Sample {
                region,
                turn,
                ..Sample::abnormal(path.clone(), "spot", Some(MaskFiles::from(mask.clone())))
            };
            let image = sample.load_image().unwrap();
            assert_eq!(image.dimensions(), sample.dimensions().unwrap());
            let mask = sample.load_mask().unwrap().unwrap();
            assert_eq!(image.dimensions(), (mask.width(), mask.height()));
            let seen: Vec<bool> = image.pixels().map(|pixel| pixel.0[0] > 127).collect();
            assert_eq!(seen, mask.pixels(), "{turn:?}");
            assert_eq!(mask.area(), 2);
        }
    }
}

#[test]
fn turns_are_clockwise() {
    let image = RgbImage::from_fn(3, 2, |x, y| Rgb([(x + 3 * y) as u8; 3]));
    let turned = Turn::Quarter.of_image(image.clone());
    assert_eq!(turned.dimensions(), (2, 3));
    let values: Vec<u8> = turned.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(values, [3, 0, 4, 1, 5, 2]);
    let mut back = image.clone();
    for _ in 0..4 {
        back = Turn::Quarter.of_image(back);
    }
    assert_eq!(back, image);
    let half = Turn::Half.of_image(image.clone());
    assert_eq!(
        Turn::Quarter.of_image(half),
        Turn::ThreeQuarters.of_image(image)
    );
}

#[test]
fn a_sample_that_is_not_turned_is_written_as_before() {
    let sample = Sample::normal("a.png".into());
    let text = serde_json::to_string(&sample).unwrap();
    assert!(!text.contains("turn"), "{text}");
    let turned = Sample {
        turn: Turn::ThreeQuarters,
        ..sample
    };
    let text = serde_json::to_string(&turned).unwrap();
    assert_eq!(serde_json::from_str::<Sample>(&text).unwrap(), turned);
}
