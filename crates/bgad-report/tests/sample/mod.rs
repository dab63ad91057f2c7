//! Small reports for tests.

use bgad_report::{
    Curve, CurveKind, Embedding, EmbeddingPoint, GalleryEntry, HistorySeries, ImageScore, Interval,
    LevelHistogram, MaskPicture, Metric, ReportData, RgbPicture, ScoreMapPicture, SettingGroup,
    TypeMetrics,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A text that tries to break out of every place where it is inserted.
pub const HOSTILE: &str =
    "</script></style>\"'><img src=x onerror=alert(1)>&amp;\u{202e}\u{0}]]><!--";

pub fn small_entry(path: &str, abnormal: bool, score: f32) -> GalleryEntry {
    GalleryEntry {
        path: path.to_owned(),
        abnormal,
        defect_type: None,
        score,
        threshold: Some(0.5),
        pixel_threshold: Some(0.5),
        image: RgbPicture {
            width: 8,
            height: 6,
            pixels: vec![120; 8 * 6 * 3],
        },
        mask: None,
        score_map: Some(ScoreMapPicture {
            width: 4,
            height: 3,
            scores: (0..12).map(|i| i as f32 / 11.0).collect(),
        }),
    }
}

pub fn noisy_entry(side: u32) -> GalleryEntry {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let count = (side * side) as usize;
    GalleryEntry {
        image: RgbPicture {
            width: side,
            height: side,
            pixels: (0..3 * count).map(|_| rng.random_range(0..=255)).collect(),
        },
        mask: Some(MaskPicture {
            width: side,
            height: side,
            pixels: (0..count).map(|i| i % 7 < 3).collect(),
        }),
        score_map: Some(ScoreMapPicture {
            width: side,
            height: side,
            scores: (0..count).map(|_| rng.random_range(0.0..1.0)).collect(),
        }),
        ..small_entry("noise.png", true, 0.2)
    }
}

/// All sections filled, with `text` as every text.
pub fn full(text: &str, images: usize) -> ReportData {
    let text = || text.to_owned();
    let metric = || Metric {
        name: text(),
        value: Some(0.9),
        interval: Some(Interval {
            low: 0.8,
            high: 0.95,
            level: 0.95,
        }),
        note: Some(text()),
    };
    let curve = |kind| Curve {
        kind,
        name: text(),
        points: vec![(0.0, 0.0), (0.2, 0.7), (1.0, 1.0)],
        area: Some(0.75),
        limit: (kind == CurveKind::Pro).then_some(0.3),
    };
    let mut histogram = LevelHistogram::from_values(text(), &[0.0, 1.0, 2.0], &[-3.0, 0.5], 10);
    (histogram.boundary_normal, histogram.boundary_abnormal) = (Some(0.2), Some(0.1));
    let point = |x, abnormal| EmbeddingPoint {
        x,
        y: 1.0 - x,
        abnormal,
    };
    ReportData {
        title: text(),
        subtitle: text(),
        seed: Some(3),
        threshold: Some(0.5),
        settings: vec![SettingGroup {
            name: text(),
            entries: vec![(text(), text())],
        }],
        metrics: (0..5).map(|_| metric()).collect(),
        by_type: vec![TypeMetrics {
            defect_type: text(),
            images: 2,
            metrics: vec![metric()],
        }],
        history: vec![HistorySeries {
            name: text(),
            points: vec![(1.0, 0.8), (2.0, 0.9)],
        }],
        curves: [CurveKind::Roc, CurveKind::PrecisionRecall, CurveKind::Pro]
            .map(curve)
            .into(),
        histograms: vec![histogram],
        embeddings: vec![Embedding {
            name: text(),
            note: text(),
            points: vec![point(0.0, false), point(1.0, true), point(0.5, false)],
        }],
        gallery: (0..images)
            .map(|index| GalleryEntry {
                defect_type: Some(text()),
                mask: Some(MaskPicture {
                    width: 2,
                    height: 2,
                    pixels: vec![true, false, false, true],
                }),
                ..small_entry(&text(), index % 2 == 0, index as f32 / 4.0)
            })
            .collect(),
        scores: (0..images.max(1))
            .map(|index| ImageScore {
                path: text(),
                abnormal: [Some(true), Some(false), None][index % 3],
                defect_type: Some(text()),
                score: index as f32 / 4.0,
            })
            .collect(),
    }
}
