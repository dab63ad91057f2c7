//! Training on real images with real weights, if `BGAD_DATA` and `BGAD_WEIGHTS` name them.
#![allow(clippy::print_stderr)]

use std::path::PathBuf;

use bgad::{EvaluateWhen, Granularity, Layout, Model, Trainer, TrainerConfig};

fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {variable} names no folder");
    }
    folder
}

/// Image AUROC with one abnormal training image, without masks, and a short schedule.
fn image_auroc(layout: Layout, set: &str) -> Option<f64> {
    let (data, weights) = (folder("BGAD_DATA")?, folder("BGAD_WEIGHTS")?);
    let mut dataset = layout.read(&data.join(set), None).unwrap();
    dataset.move_anomalies_to_training(1, 0).unwrap();
    let config = TrainerConfig::default().with(|config| {
        config.model = Model::BgadFas;
        config.backbone.name = "tf_efficientnetv2_b0".into();
        config.backbone.weights = Some(weights.join("tf_efficientnetv2_b0.safetensors"));
        config.schedule.meta_epochs = 4;
        config.schedule.sub_epochs = 2;
        config.schedule.evaluate = EvaluateWhen::Last;
    });
    let training = Trainer::new(config).run(&dataset).unwrap();
    assert_eq!(
        training.detector.description().granularity,
        Granularity::Both
    );
    // Some of BrainMRI's files are copies of others.
    let copies = |warning: &String| warning.contains("copies of others");
    let other = training.warnings.iter().find(|warning| !copies(warning));
    assert!(other.is_none(), "{other:?}");
    training.evaluation.unwrap().image_auroc
}

#[test]
fn head_ct_without_masks() {
    if let Some(auroc) = image_auroc(Layout::HeadCt, "headct") {
        assert!(auroc > 0.88, "{auroc}");
    }
}

#[test]
fn brain_mri_without_masks() {
    if let Some(auroc) = image_auroc(Layout::BrainMri, "brainmri") {
        assert!(auroc > 0.80, "{auroc}");
    }
}
