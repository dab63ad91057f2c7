//! A report of a training needs no second pass over the test images.
#![cfg(feature = "report")]

use bgad::report::Report;
use bgad::{Dataset, EvaluationOptions, Layout, Model, Trainer};

use crate::common::{parts, settings, write_parts};

/// Parts with an abnormal training image, a copy of which is tested under another name.
fn dataset(folder: &std::path::Path) -> Dataset {
    write_parts(folder);
    let copied = folder.join("test/dent/000.png");
    std::fs::copy(&copied, folder.join("test/dent/copy.png")).unwrap();
    std::fs::copy(
        folder.join("ground_truth/dent/000_mask.png"),
        folder.join("ground_truth/dent/copy_mask.png"),
    )
    .unwrap();
    let mut dataset = Layout::Mvtec.read(folder, None).unwrap();
    let place = dataset.test.iter().position(|s| s.path == copied).unwrap();
    let moved = dataset.test.remove(place);
    dataset.train.push(moved);
    dataset
}

#[test]
fn the_report_of_a_training_is_that_of_its_detector() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let options = EvaluationOptions::complete();
    let config = settings().with(|config| {
        config.model = Model::BgadFas;
        config.schedule.meta_epochs = 2;
    });
    let trainer = Trainer::new(config).for_report(options);
    let mut training = trainer.run(&dataset).unwrap();
    let first = training.evaluation.clone().unwrap();
    assert!(first.intervals.is_some() && !first.by_defect_type.is_empty());
    let listed = dataset.test.len();
    let copies =
        format!("test images left out because the model was trained on them: 1 of {listed}");
    assert!(training.warnings.contains(&copies));

    let report = Report::of_training(&mut training).unwrap().unwrap();
    let again = Report::of(&training.detector, &dataset, &options).unwrap();
    let named = |path: &std::path::Path| path.ends_with("copy.png");
    assert!(!report.evaluation.results.iter().any(|r| named(&r.path)));
    assert_eq!(report.evaluation, again.evaluation);
    let [of_training, of_detector] = ["training", "detector"].map(|name| folder.path().join(name));
    for (report, at) in [
        (report, &of_training),
        (again.with_history(&training.history), &of_detector),
    ] {
        std::fs::create_dir(at).unwrap();
        report.save(at).unwrap();
        report.write(at).unwrap();
    }
    for file in ["evaluation.json", "log_likelihoods.safetensors"] {
        let [a, b] = [&of_training, &of_detector].map(|at| std::fs::read(at.join(file)).unwrap());
        assert!(a == b, "{file}");
    }
    let [a, b] =
        [&of_training, &of_detector].map(|at| std::fs::read(at.join("report.html")).unwrap());
    assert!(a == b);
    // It was taken.
    assert!(Report::of_training(&mut training).unwrap().is_none());
}

#[test]
fn a_training_keeps_nothing_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path());
    let mut training = Trainer::new(settings()).run(&dataset).unwrap();
    assert!(training.evaluation.as_ref().unwrap().intervals.is_none());
    assert!(Report::of_training(&mut training).unwrap().is_none());

    let wrong = EvaluationOptions {
        aupro_limit: 0.0,
        ..EvaluationOptions::complete()
    };
    let error = Trainer::new(settings()).for_report(wrong).run(&dataset);
    assert!(error.unwrap_err().to_string().contains("aupro_limit"));
}
