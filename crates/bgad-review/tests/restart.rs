//! What remains after the server ends at any time.

use bgad_review::{ReviewError, Server};
use serde_json::json;

use crate::client::{id, row};
use crate::engine::{Brightness, Case};

#[test]
fn decisions_and_scores_survive_a_restart() {
    let mut case = Case::new();
    let state = case.client().scored(4);
    let (dark, score) = (
        id(&state, "dark.png"),
        row(&state, "dark.png")["score"].clone(),
    );
    case.client()
        .decide(&dark, Some("defect"), &json!("keep"), 0);
    case.start();
    // Before anything could have been scored again.
    let state = case.client().state();
    let row = row(&state, "dark.png");
    assert_eq!((&row["id"], &row["score"]), (&json!(dark), &score));
    assert_eq!(row["decision"]["verdict"], "defect");
}

#[test]
fn a_deleted_image_is_kept_as_decided() {
    let mut case = Case::new();
    let dark = id(&case.client().scored(4), "dark.png");
    case.client().decide(&dark, Some("good"), &json!("keep"), 0);
    std::fs::remove_dir_all(case.path("images")).unwrap();
    std::fs::create_dir(case.path("images")).unwrap();
    case.start();
    let state = case.client().scored(1);
    let row = &state["images"][0];
    assert_eq!(
        (&row["id"], &row["decision"]["verdict"]),
        (&json!(dark), &json!("good"))
    );
    assert!(row["score"].is_number(), "{row}");
}

#[test]
fn two_servers_do_not_share_decisions() {
    let case = Case::new();
    let second = Server::start(Box::new(Brightness), &case.options());
    let error = second.err().unwrap();
    assert!(matches!(error, ReviewError::InUse(_)), "{error}");
}

#[test]
fn an_invalid_table_is_named_with_its_line() {
    let mut case = Case::new();
    case.server = None;
    let table = case.path("run/review/manifest.csv");
    let header = "path,label,mask,split,defect_type,source,revision\n";
    std::fs::write(
        &table,
        format!("{header}a.png,normal,,,,a,1\nb.png,maybe,,,,b,2\n"),
    )
    .unwrap();
    let error = Server::start(Box::new(Brightness), &case.options())
        .err()
        .unwrap();
    let text = error.to_string();
    assert!(
        text.contains("manifest.csv, line 3") && text.contains("maybe"),
        "{text}"
    );
}

#[test]
fn files_half_written_by_a_kill_do_no_harm() {
    let mut case = Case::new();
    case.client().scored(4);
    case.server = None;
    let half = case.path("run/review/masks/.bgad-x");
    std::fs::create_dir(&half).unwrap();
    std::fs::write(half.join("file"), "half").unwrap();
    let scores = case.path("run/review/cache/scores-0_5.jsonl");
    let kept = std::fs::read_to_string(&scores).unwrap();
    assert_eq!(kept.lines().count(), 3);
    std::fs::write(&scores, &kept[..kept.len() - 20]).unwrap();
    case.start();
    assert!(!half.exists());
    case.client().scored(4);
}
