//! A run's model on the page.

use std::process::Command;

use bgad::{Detector, Device};
use serde_json::{Value, json};

use super::case::{Case, by_group};

#[test]
fn a_run_is_shown_with_the_scores_of_its_model() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let detector = Detector::load(&case.path("run/model.bgad"), &Device::flex()).unwrap();
    let scratch = by_group(&state, "scratch");
    assert_eq!(scratch["known"]["verdict"], "defect");
    let path = case.path("parts/test/scratch/000.png");
    let expected = detector.predict_file(&path).unwrap();
    let score = scratch["score"].as_f64().unwrap() as f32;
    assert_eq!(score.to_bits(), expected.score.to_bits());
    let detail = page
        .client
        .get(&format!("/api/images/{}", scratch["id"].as_str().unwrap()))
        .json();
    let regions = detail["regions"].as_array().unwrap();
    assert_eq!(regions.len(), expected.regions.len());
    let model = page.client.get("/api/export/model").body;
    assert_eq!(model, std::fs::read(case.path("run/model.bgad")).unwrap());

    // With another threshold, the exported model uses it.
    let body = json!({ "threshold": -7.5, "seen": state["state"]["threshold"] });
    assert_eq!(page.client.send("PUT", "/api/threshold", &body).status, 200);
    std::fs::write(
        case.path("other.bgad"),
        page.client.get("/api/export/model").body,
    )
    .unwrap();
    let other = Detector::load(&case.path("other.bgad"), &Device::flex()).unwrap();
    assert_eq!(other.description().threshold, -7.5);
    assert_eq!(other.predict_file(&path).unwrap().score, expected.score);

    #[cfg(feature = "report")]
    {
        let report = page.client.get("/api/export/report");
        assert_eq!(report.status, 200, "{}", report.text());
        assert!(report.text().starts_with("<!") || report.text().contains("<html"));
    }

    // It ends as a service does, on a signal.
    let mut page = page;
    let told = Command::new("kill")
        .arg(page.child.id().to_string())
        .status()
        .unwrap();
    assert!(told.success());
    assert!(page.child.wait().unwrap().success());
}

/// The largest number anywhere in `value`. Identifiers and stamps are texts, whose digits mean nothing here.
fn largest_number(value: &Value) -> f64 {
    let of_all =
        |values: &mut dyn Iterator<Item = &Value>| values.map(largest_number).fold(0.0, f64::max);
    match value {
        Value::Number(number) => number.as_f64().map_or(f64::INFINITY, f64::abs),
        Value::Array(values) => of_all(&mut values.iter()),
        Value::Object(fields) => of_all(&mut fields.values()),
        _ => 0.0,
    }
}

#[test]
fn a_run_of_too_few_images_has_no_threshold() {
    let case = Case::new();
    let normal = case.path("parts/train/good");
    let mut images: Vec<_> = std::fs::read_dir(normal).unwrap().collect();
    for image in images.drain(3..) {
        std::fs::remove_file(image.unwrap().path()).unwrap();
    }
    case.train("few");
    let page = case.open(case.review("few"));
    let state = page.client.scored(case.images());
    assert_eq!(state["state"]["threshold"], Value::Null);
    assert_eq!(state["state"]["model"]["has_map_threshold"], false);
    assert!(largest_number(&state) < 1e30, "{state}");
    let scratch = by_group(&state, "scratch");
    let scratch = scratch["id"].as_str().unwrap();
    // Its map shows where the score is highest, and that nothing is above a threshold.
    let map = page.client.get(&format!("/api/images/{scratch}/map")).body;
    let map = image::load_from_memory(&map).unwrap().to_luma8();
    let highest = map.pixels().map(|pixel| pixel.0[0]).max();
    assert!(highest > Some(100) && highest < Some(171), "{highest:?}");
    let table = page.client.get("/api/export/scores.csv").text();
    assert!(
        table.lines().skip(1).all(|line| line.contains(",,,")),
        "{table}"
    );
    #[cfg(feature = "report")]
    {
        let report = page.client.get("/api/export/report").text();
        assert!(report.contains("no threshold") && !report.contains(">missed<"));
    }
    // The exported model has the one that is set.
    let body = json!({ "threshold": 1.5, "seen": null });
    assert_eq!(page.client.send("PUT", "/api/threshold", &body).status, 200);
    let exported = case.path("exported.bgad");
    std::fs::write(&exported, page.client.get("/api/export/model").body).unwrap();
    let detector = Detector::load(&exported, &Device::flex()).unwrap();
    assert_eq!(detector.description().chosen_threshold(), Some(1.5));
}
