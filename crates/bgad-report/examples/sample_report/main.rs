//! Writes a report of synthetic data: `cargo run --release -p bgad-report --example sample_report
//! -- DIR [IMAGES]`, by default 80 images. The numbers are those of a made-up detector.
#![allow(clippy::print_stdout)]

mod synthetic;

use std::path::Path;

use bgad_metrics::{
    AupimoBounds, Bootstrap, ConfidenceInterval, LabelledMap, aupimo, best_f1, image_intervals,
    image_metrics_by_type, pixel_intervals, pixel_metrics_by_type, pixel_precision_recall_curve,
    pixel_roc_curve, precision_recall_curve, pro_curve, roc_curve,
};
use bgad_report::{
    Curve, CurveKind, Embedding, EmbeddingPoint, GalleryEntry, HistorySeries, ImageScore, Interval,
    LevelHistogram, Metric, ReportData, ReportOptions, SettingGroup, TypeMetrics, pca_2d,
    write_report,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use synthetic::{Sample, features, gaussian, samples};

const TOLERANCE: f64 = 0.001;
const LIMIT: f64 = 0.3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("usage: sample_report DIR [IMAGES]")?;
    let count = arguments.next().map_or(Ok(80), |text| text.parse())?;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let samples = samples(&mut rng, count);
    let scores: Vec<f32> = samples.iter().map(Sample::score).collect();
    let abnormal: Vec<bool> = samples.iter().map(|s| s.defect_type.is_some()).collect();
    let threshold = best_f1(&scores, &abnormal)?.threshold * 1.04;

    let mut data = ReportData {
        title: "Sample: brushed plates <synthetic>".to_owned(),
        subtitle: "BGAD-FAS, made-up scores".to_owned(),
        seed: Some(7),
        threshold: Some(threshold),
        settings: settings(),
        history: history(&mut rng),
        ..ReportData::default()
    };
    fill_metrics(&mut data, &samples, &scores, &abnormal)?;
    fill_features(&mut data, &mut rng)?;
    for (sample, &score) in samples.into_iter().zip(&scores) {
        data.scores.push(ImageScore {
            path: sample.path.clone(),
            abnormal: Some(sample.defect_type.is_some()),
            defect_type: sample.defect_type.map(str::to_owned),
            score,
        });
        data.gallery.push(GalleryEntry {
            path: sample.path,
            abnormal: sample.defect_type.is_some(),
            defect_type: sample.defect_type.map(str::to_owned),
            score,
            threshold: Some(threshold),
            pixel_threshold: Some(threshold),
            image: sample.image,
            mask: sample.defect_type.is_some().then_some(sample.mask),
            score_map: Some(sample.map),
        });
    }
    let files = write_report(&data, Path::new(&folder), &ReportOptions::default())?;
    println!(
        "{}: {:.2} MB, {} of {count} images in the gallery, {} parts",
        files.html.display(),
        files.html_bytes as f64 / 1e6,
        files.gallery_shown,
        files.parts.len()
    );
    Ok(())
}

fn metric(name: &str, of: ConfidenceInterval) -> Metric {
    Metric {
        name: name.to_owned(),
        value: Some(of.estimate),
        interval: Some(Interval {
            low: of.low,
            high: of.high,
            level: of.level,
        }),
        note: None,
    }
}

fn plain(name: &str, value: f64) -> Metric {
    Metric {
        name: name.to_owned(),
        value: Some(value),
        ..Metric::default()
    }
}

fn fill_metrics(
    data: &mut ReportData,
    samples: &[Sample],
    scores: &[f32],
    abnormal: &[bool],
) -> Result<(), Box<dyn std::error::Error>> {
    let maps: Vec<LabelledMap<'_>> = samples.iter().map(Sample::labelled).collect();
    let types: Vec<Option<&str>> = samples.iter().map(|sample| sample.defect_type).collect();
    let image = image_intervals(scores, abnormal, &Bootstrap::default())?;
    let few = Bootstrap {
        resamples: 100,
        ..Bootstrap::default()
    };
    let pixel = pixel_intervals(&maps, LIMIT, &few)?;
    let pimo = aupimo(&maps, AupimoBounds::default())?;
    data.metrics = vec![
        metric("image AUROC", image.auroc),
        metric("pixel AUROC", pixel.auroc),
        metric("AUPRO up to 0.3", pixel.aupro),
        metric("image F1, best", image.best_f1),
        metric("image average precision", image.average_precision),
        metric("pixel average precision", pixel.average_precision),
        Metric {
            note: Some("mean over defective images, rates from 1e-5 to 1e-4".to_owned()),
            ..plain("AUPIMO", pimo.mean)
        },
    ];
    let by_image = image_metrics_by_type(scores, &types)?;
    let by_pixel = pixel_metrics_by_type(&maps, &types, LIMIT)?;
    for (image, pixel) in by_image.into_iter().zip(by_pixel) {
        data.by_type.push(TypeMetrics {
            defect_type: image.defect_type,
            images: image.abnormal,
            metrics: vec![
                plain("image AUROC", image.value.auroc),
                plain("image AP", image.value.average_precision),
                plain("pixel AUROC", pixel.value.pixels.auroc),
                plain("AUPRO", pixel.value.aupro),
            ],
        });
    }
    let mut curve = |kind, name: &str, points: Vec<bgad_metrics::CurvePoint>, area, limit| {
        data.curves.push(Curve {
            kind,
            name: name.to_owned(),
            points: points.iter().map(|point| (point.x, point.y)).collect(),
            area: Some(area),
            limit,
        });
    };
    let kind = CurveKind::Roc;
    let points = roc_curve(scores, abnormal, TOLERANCE)?;
    curve(kind, "images", points, image.auroc.estimate, None);
    let points = pixel_roc_curve(&maps, TOLERANCE)?;
    curve(kind, "pixels", points, pixel.auroc.estimate, None);
    let kind = CurveKind::PrecisionRecall;
    let points = precision_recall_curve(scores, abnormal, TOLERANCE)?;
    curve(
        kind,
        "images",
        points,
        image.average_precision.estimate,
        None,
    );
    let points = pixel_precision_recall_curve(&maps, TOLERANCE)?;
    curve(
        kind,
        "pixels",
        points,
        pixel.average_precision.estimate,
        None,
    );
    let points = pro_curve(&maps, TOLERANCE)?;
    let area = pixel.aupro.estimate;
    curve(CurveKind::Pro, "regions", points, area, Some(LIMIT));
    Ok(())
}

fn settings() -> Vec<SettingGroup> {
    let group = |name: &str, entries: &[(&str, &str)]| SettingGroup {
        name: name.to_owned(),
        entries: entries
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    };
    vec![
        group(
            "Flow",
            &[("coupling layers", "8"), ("clamp", "1.9"), ("levels", "3")],
        ),
        group(
            "Boundary",
            &[("beta", "0.05"), ("tau", "0.1"), ("focal weights", "yes")],
        ),
        group(
            "Data",
            &[
                ("image size", "256 x 256"),
                ("abnormal samples", "10"),
                ("folder", "/data/plates & sheets/<v2>"),
            ],
        ),
    ]
}

fn history(rng: &mut ChaCha8Rng) -> Vec<HistorySeries> {
    let mut series = |name: &str, end: f64, start: f64| HistorySeries {
        name: name.to_owned(),
        points: (1..=25)
            .map(|epoch| {
                let noise = f64::from(gaussian(rng)) * 0.0025;
                let value = end - (end - start) * (-f64::from(epoch) / 5.0).exp() + noise;
                (f64::from(epoch), value)
            })
            .collect(),
    };
    vec![
        series("image AUROC", 0.982, 0.87),
        series("pixel AUROC", 0.971, 0.91),
    ]
}

fn fill_features(
    data: &mut ReportData,
    rng: &mut ChaCha8Rng,
) -> Result<(), bgad_report::ReportError> {
    for (level, spread) in [
        ("Level 1, 64 x 64", 0.16),
        ("Level 2, 32 x 32", 0.12),
        ("Level 3, 16 x 16", 0.1),
    ] {
        let normal: Vec<f32> = (0..8000).map(|_| -0.55 + 0.07 * gaussian(rng)).collect();
        let abnormal: Vec<f32> = (0..900).map(|_| -1.15 + spread * gaussian(rng)).collect();
        let mut histogram = LevelHistogram::from_values(level, &normal, &abnormal, 60);
        (histogram.boundary_normal, histogram.boundary_abnormal) = (Some(-0.67), Some(-0.77));
        data.histograms.push(histogram);
    }
    for (name, apart) in [("Before the flow", 0.9), ("After the flow", 4.0)] {
        let (values, abnormal) = features(rng, 900, 32, apart);
        let projection = pca_2d(&values, 32)?;
        let points = projection.points.iter().zip(abnormal);
        data.embeddings.push(Embedding {
            name: name.to_owned(),
            note: format!(
                "First two principal components, {:.0} % of the variance.",
                100.0 * projection.explained.iter().sum::<f64>()
            ),
            points: points
                .map(|(&[x, y], abnormal)| EmbeddingPoint { x, y, abnormal })
                .collect(),
        });
    }
    Ok(())
}
