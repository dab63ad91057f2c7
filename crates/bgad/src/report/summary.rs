//! Metrics, settings and scores for the page.

use bgad_report::{ImageScore, Interval, Metric, ReportData, SettingGroup, TypeMetrics};
use serde_json::Value;

use super::decisions;
use crate::config::choices::{Granularity, Model};
use crate::detector::description::ModelDescription;
use crate::evaluation::result::Evaluation;
use crate::run_directory::description::RunDescription;

/// The page without curves, figures and gallery.
pub(super) fn data(
    evaluation: &Evaluation,
    description: &ModelDescription,
    dataset: &str,
) -> ReportData {
    let model = match description.config.model {
        Model::Bgad => "BGAD",
        Model::BgadFas => "BGAD-FAS",
    };
    let scores = evaluation.results.iter().map(|result| ImageScore {
        path: result.name(),
        abnormal: Some(result.abnormal),
        defect_type: result.abnormal.then(|| result.defect_type.clone()),
        score: result.score,
    });
    ReportData {
        title: dataset.to_owned(),
        subtitle: format!("{model} on {}", description.config.backbone.name),
        seed: Some(description.config.seed),
        settings: settings(evaluation, description),
        metrics: metrics(evaluation),
        by_type: by_type(evaluation),
        scores: scores.collect(),
        // The page calls a score at the threshold abnormal; a detector only one above it.
        threshold: description
            .has_threshold()
            .then(|| description.threshold.next_up()),
        ..ReportData::default()
    }
}

fn plain(name: &str, value: Option<f64>) -> Metric {
    Metric {
        name: name.to_owned(),
        value,
        ..Metric::default()
    }
}

fn metrics(evaluation: &Evaluation) -> Vec<Metric> {
    let intervals = evaluation.intervals.unwrap_or_default();
    let of_images = evaluation.remarks.iter().find(|r| r.contains("images"));
    let of_pixels = evaluation.remarks.iter().find(|r| r.contains("pixels"));
    let with = |name: &str, value: Option<f64>, ends: Option<[f64; 2]>, pixels: bool| Metric {
        interval: ends.map(|[low, high]| Interval {
            low,
            high,
            level: intervals.level,
        }),
        note: match (value, pixels) {
            (Some(_), _) => None,
            (None, true) => of_pixels.cloned(),
            (None, false) => of_images.cloned(),
        },
        ..plain(name, value)
    };
    let e = evaluation;
    let limit = format!("AUPRO up to {}", e.aupro_limit);
    let paper = e.paper_protocol;
    let mut metrics = vec![
        with("image AUROC", e.image_auroc, intervals.image_auroc, false),
        with("pixel AUROC", e.pixel_auroc, intervals.pixel_auroc, true),
        with(&limit, e.aupro, intervals.aupro, true),
        with("image F1, best", e.image_f1, intervals.image_f1, false),
        with(
            "image average precision",
            e.image_ap,
            intervals.image_ap,
            false,
        ),
        with(
            "pixel average precision",
            e.pixel_ap,
            intervals.pixel_ap,
            true,
        ),
        plain("pixel F1, best", e.pixel_f1),
        Metric {
            note: Some(
                "mean over images with a defect, false-positive rates from 1e-5 to 1e-4".to_owned(),
            ),
            ..plain("AUPIMO", e.aupimo)
        },
    ];
    if let (Some(threshold), Some(metric)) = (e.image_f1_threshold, metrics.get_mut(3)) {
        let chosen = format!("at the score {threshold:.4}, chosen on these images");
        metric.note = Some(chosen);
    }
    let paper = [
        ("image AUROC, paper protocol", paper.image_auroc),
        ("pixel AUROC, paper protocol", paper.pixel_auroc),
        ("AUPRO, paper protocol", paper.aupro_approximated),
    ];
    metrics.extend(paper.map(|(name, value)| Metric {
        note: Some("scored over the test set, as the authors' program does".to_owned()),
        ..plain(name, value)
    }));
    // The first four are always shown, the others if they are defined.
    let mut index = 0;
    metrics.retain(|metric| {
        index += 1;
        index <= 4 || metric.value.is_some()
    });
    let decisions = e.decisions.iter().flat_map(decisions::metrics);
    decisions.chain(metrics).collect()
}

fn by_type(evaluation: &Evaluation) -> Vec<TypeMetrics> {
    let has_pixels = evaluation.pixel_auroc.is_some();
    let types = evaluation.by_defect_type.iter();
    types
        .map(|of_type| {
            let mut metrics = vec![
                plain("image AUROC", of_type.image_auroc),
                plain("image AP", of_type.image_ap),
            ];
            if has_pixels {
                metrics.push(plain("pixel AUROC", of_type.pixel_auroc));
                metrics.push(plain("AUPRO", of_type.aupro));
            }
            TypeMetrics {
                defect_type: of_type.defect_type.clone(),
                images: of_type.images,
                metrics,
            }
        })
        .collect()
}

fn group(name: &str, entries: Vec<(&str, String)>) -> SettingGroup {
    let entries = entries.into_iter();
    SettingGroup {
        name: name.to_owned(),
        entries: entries.map(|(k, v)| (k.to_owned(), v)).collect(),
    }
}

fn settings(evaluation: &Evaluation, description: &ModelDescription) -> Vec<SettingGroup> {
    let mut of_evaluation = vec![
        ("images", evaluation.images.to_string()),
        ("abnormal", evaluation.abnormal_images.to_string()),
        (
            "granularity",
            match description.granularity {
                Granularity::Pixel => "pixel".to_owned(),
                Granularity::Image => "image".to_owned(),
                Granularity::Both => "both".to_owned(),
            },
        ),
        (
            "threshold",
            match description.has_threshold() {
                true => description.threshold.to_string(),
                false => "none: too few normal images".to_owned(),
            },
        ),
        (
            "threshold from",
            match description.calibrated {
                true => "images that were not trained on".to_owned(),
                false => "training images".to_owned(),
            },
        ),
    ];
    let said = evaluation.remarks.iter().chain(&evaluation.warnings);
    of_evaluation.extend(said.map(|text| ("remark", text.clone())));
    let mut groups = vec![group("Evaluation", of_evaluation)];
    // A setting that is itself a table becomes a group.
    let mut training = Vec::new();
    if let Ok(Value::Object(config)) = serde_json::to_value(&description.config) {
        for (name, value) in config {
            match value {
                Value::Object(inner) => groups.push(SettingGroup {
                    entries: inner.iter().map(|(k, v)| (k.clone(), text(v))).collect(),
                    name,
                }),
                value if name != "seed" => training.push((name, text(&value))),
                _ => {}
            }
        }
    }
    let anomalies = &description.training_anomalies;
    if !anomalies.is_empty() {
        let names: Vec<&str> = anomalies.iter().map(|a| a.name.as_str()).collect();
        training.push(("abnormal training images".to_owned(), names.join(", ")));
    }
    groups.insert(
        1,
        SettingGroup {
            name: "Training".to_owned(),
            entries: training,
        },
    );
    groups
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The data set, device and versions of a run.
pub(super) fn run(run: &RunDescription) -> SettingGroup {
    let set = &run.dataset;
    let path = |path: &Option<std::path::PathBuf>| {
        path.as_ref()
            .map_or_else(|| "–".to_owned(), |path| bgad_data::path_to_text(path))
    };
    group(
        "Data and program",
        vec![
            ("data set", set.name.clone()),
            ("folder", path(&set.folder)),
            (
                "training images",
                format!(
                    "{} normal, {} abnormal",
                    set.training_normal, set.training_abnormal
                ),
            ),
            ("weights", path(&run.weights)),
            ("device", run.device.clone()),
            (
                "machine",
                run.machine.as_ref().map_or_else(
                    || "unknown: an earlier version wrote this run".to_owned(),
                    ToString::to_string,
                ),
            ),
            ("bgad", run.bgad_version.clone()),
        ],
    )
}
