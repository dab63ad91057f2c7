//! Decisions and masks outlast a kill.

use std::io::Write as _;

use bgad::Layout;
use serde_json::json;

use super::case::{Case, by_group, id_of};
use super::masks::{marked, rows, white};

#[test]
fn a_kill_between_two_decisions_loses_neither() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let scratch = id_of(&state, "scratch");
    let normal = id_of(&state, "normal");
    let stored = page.client.decide(&scratch, Some("defect"), &white(), 0);
    assert_eq!(stored.status, 200, "{}", stored.text());
    page.kill();

    let page = case.start();
    let state = page.client.scored(case.images());
    let decided = by_group(&state, "scratch");
    assert_eq!(
        decided["decision"],
        json!({ "verdict": "defect", "kind": "", "mask": true })
    );
    let mask = page.client.get(&format!("/api/images/{scratch}/mask")).body;
    let mask = image::load_from_memory(&mask).unwrap().to_luma8();
    assert!(mask.dimensions() == (64, 64) && mask.pixels().all(|p| p.0[0] == 255));
    page.client.decide(&normal, Some("good"), &json!("keep"), 0);
    let mut images = state["images"].as_array().unwrap().iter();
    let other = images.find(|image| image["group"] == "normal" && image["id"] != normal.as_str());
    let other = other.unwrap()["id"].as_str().unwrap();
    page.client.decide(other, Some("good"), &json!("keep"), 0);
    page.kill();

    let dataset = Layout::Manifest
        .read(&case.path("run/review"), None)
        .unwrap();
    let mut samples = dataset.train.iter().chain(&dataset.test);
    assert_eq!(samples.clone().count(), 3);
    let abnormal = samples.find(|sample| sample.label.is_abnormal()).unwrap();
    assert!(abnormal.load_mask().unwrap().is_some());
    let page = case.start();
    let state = page.client.scored(case.images());
    let decisions = state["images"].as_array().unwrap().iter();
    assert_eq!(
        decisions
            .filter(|image| image["decision"].is_object())
            .count(),
        3
    );
}

#[test]
fn a_kill_while_a_mask_is_stored_leaves_the_earlier_one_or_the_new_one() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let id = id_of(&state, "scratch");
    let stored = page.client.decide(&id, Some("defect"), &rows(9), 0).json();
    // Half of a request arrives.
    let body = json!({ "verdict": "defect", "mask": rows(8), "revision": stored["revision"] });
    let (path, body) = (format!("/api/images/{id}/decision"), body.to_string());
    let mut half = page.client.begin("PUT", &path, &[], body.len()).unwrap();
    half.write_all(&body.as_bytes()[..body.len() / 2]).unwrap();
    page.kill();

    // Masks are stored one after the other until the kill.
    let mut known = 9;
    for round in 0..5 {
        let page = case.start();
        let state = page.client.scored(case.images());
        let found = by_group(&state, "scratch");
        assert_eq!(marked(&page, &id), known);
        let mut revision = found["revision"].as_u64().unwrap();
        let (client, begun) = (page.client, id.clone());
        let painting = std::thread::spawn(move || {
            let (mut confirmed, mut sent) = (known, known);
            for _ in 0..10_000 {
                sent = sent % 60 + 1;
                let answer = client.decide_once(&begun, Some("defect"), &rows(sent), revision);
                let Some(answer) = answer else { break };
                assert_eq!(answer.status, 200, "{}", answer.text());
                revision = answer.json()["revision"].as_u64().unwrap();
                confirmed = sent;
            }
            (confirmed, sent)
        });
        std::thread::sleep(std::time::Duration::from_millis(30 + 7 * round));
        page.kill();
        let (confirmed, sent) = painting.join().unwrap();

        let page = case.start();
        page.client.scored(case.images());
        known = marked(&page, &id);
        assert!(
            [confirmed, sent].contains(&known),
            "{confirmed} {sent} {known}"
        );
        let masks = std::fs::read_dir(case.path("run/review/masks")).unwrap();
        let unfinished = masks.filter(|file| {
            let name = file.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with('.')
        });
        assert_eq!(unfinished.count(), 0);
        page.kill();
    }
}
