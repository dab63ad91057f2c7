//! Made-up images, masks and score maps.

use bgad_metrics::LabelledMap;
use bgad_report::{MaskPicture, RgbPicture, ScoreMapPicture};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const SIDE: usize = 256;

pub struct Sample {
    pub path: String,
    pub defect_type: Option<&'static str>,
    pub image: RgbPicture,
    pub mask: MaskPicture,
    pub map: ScoreMapPicture,
}

impl Sample {
    /// The highest score of the map.
    pub fn score(&self) -> f32 {
        self.map
            .scores
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
    }

    pub fn labelled(&self) -> LabelledMap<'_> {
        LabelledMap {
            width: SIDE,
            height: SIDE,
            scores: &self.map.scores,
            mask: &self.mask.pixels,
        }
    }
}

/// About normally distributed, from twelve uniform numbers.
pub fn gaussian(rng: &mut ChaCha8Rng) -> f32 {
    (0..12).map(|_| rng.random_range(0.0..1.0_f32)).sum::<f32>() - 6.0
}

/// Features of `dimension` values, an eighth of them abnormal and shifted by `apart`.
pub fn features(
    rng: &mut ChaCha8Rng,
    count: usize,
    dimension: usize,
    apart: f32,
) -> (Vec<f32>, Vec<bool>) {
    let abnormal: Vec<bool> = (0..count).map(|index| index % 8 == 0).collect();
    let mut values = Vec::with_capacity(count * dimension);
    for &abnormal in &abnormal {
        let shift = if abnormal { apart } else { 0.0 };
        let scale = |axis: usize| 1.6 / (1.0 + axis as f32 * 0.25);
        values.extend(
            (0..dimension)
                .map(|axis| gaussian(rng) * scale(axis) + if axis < 3 { shift } else { 0.0 }),
        );
    }
    (values, abnormal)
}

pub fn samples(rng: &mut ChaCha8Rng, count: usize) -> Vec<Sample> {
    let kinds = [None, Some("scratch"), None, Some("hole"), Some("stain")];
    (0..count)
        .map(|index| sample(rng, index, kinds[index % kinds.len()]))
        .collect()
}

fn sample(rng: &mut ChaCha8Rng, index: usize, defect_type: Option<&'static str>) -> Sample {
    let angle = rng.random_range(0.0..std::f32::consts::PI);
    let (cx, cy) = (
        rng.random_range(70.0..186.0_f32),
        rng.random_range(70.0..186.0_f32),
    );
    let size = rng.random_range(0.5..1.0_f32);
    // How far inside of the defect a place is: 0 at its border, negative outside.
    let inside = |x: f32, y: f32| {
        let (dx, dy) = (x - cx, y - cy);
        let along = dx * angle.cos() + dy * angle.sin();
        let across = dy * angle.cos() - dx * angle.sin();
        match defect_type {
            Some("scratch") => {
                let bend = (along * 0.04).sin() * 6.0;
                (3.5 - (across - bend).abs()).min(60.0 * size - along.abs())
            }
            Some("hole") => 17.0 * size - dx.hypot(dy),
            Some(_) => 34.0 * size + 5.0 * (along * 0.2).sin() - (along * 0.6).hypot(across),
            None => -1000.0,
        }
    };
    let (phase, light) = (
        rng.random_range(0.0..9.0_f32),
        rng.random_range(-14.0..14.0_f32),
    );
    // Some defects are hardly noticed, some normal images look suspicious.
    let answer = match defect_type {
        Some(_) if index % 11 == 3 => 0.3,
        Some(_) => rng.random_range(0.75..1.4),
        None => 0.0,
    };
    let alarm = if defect_type.is_none() && index % 15 == 5 {
        0.95
    } else {
        0.1
    };
    let (ax, ay) = (
        rng.random_range(40.0..216.0_f32),
        rng.random_range(40.0..216.0_f32),
    );
    let (mut pixels, mut mask, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..SIDE {
        let streak = gaussian(rng) * 5.0;
        for column in 0..SIDE {
            let (x, y) = (column as f32, row as f32);
            let depth = inside(x, y);
            let base = 142.0
                + light
                + streak
                + (y * 0.21 + phase).sin() * 7.0
                + x * 0.1
                + gaussian(rng) * 4.0;
            let cover = ((depth + 1.5) / 3.0).clamp(0.0, 1.0);
            let tint: [f32; 3] = match defect_type {
                Some("scratch") => [58.0, 56.0, 50.0],
                Some("hole") => [-95.0, -95.0, -92.0],
                _ => [-8.0, -42.0, -70.0],
            };
            let metal = [base, base + 3.0, base + 9.0];
            pixels.extend((0..3).map(|c| (metal[c] + tint[c] * cover).clamp(0.0, 255.0) as u8));
            mask.push(depth > 0.0);
            let near = (depth.min(0.0) / 14.0).exp();
            let blob = (-((x - ax).powi(2) + (y - ay).powi(2)) / 500.0).exp();
            let texture = ((x * 0.07 + phase).sin() * (y * 0.05).cos()).abs();
            scores
                .push(0.25 + 0.12 * texture + answer * near + alarm * blob + 0.01 * gaussian(rng));
        }
    }
    let (width, height) = (SIDE as u32, SIDE as u32);
    Sample {
        path: format!("test/{}/{index:03}.png", defect_type.unwrap_or("good")),
        defect_type,
        image: RgbPicture {
            width,
            height,
            pixels,
        },
        mask: MaskPicture {
            width,
            height,
            pixels: mask,
        },
        map: ScoreMapPicture {
            width,
            height,
            scores,
        },
    }
}
