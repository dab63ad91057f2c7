//! The learning program is killed, fails and is stopped.

use serde_json::json;

use super::case::{Case, by_group, id_of};
use super::masks::white;

#[test]
fn a_kill_while_learning_loses_nothing_and_learning_can_restart() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let scratch = id_of(&state, "scratch");
    page.client.decide(&scratch, Some("defect"), &white(), 0);
    case.wait(true);
    let lesson = json!({ "missed": [scratch] });
    assert_eq!(page.client.send("POST", "/api/lesson", &lesson).status, 200);
    page.client
        .when(|state| state["state"]["learning"]["doing"] == "training");
    page.kill();

    let page = case.start();
    let state = page.client.scored(case.images());
    assert!(state["state"]["learning"].is_null());
    let failure = state["state"]["failure"].as_str().unwrap();
    assert!(failure.contains("interrupted"), "{failure}");
    assert_eq!(by_group(&state, "scratch")["decision"]["mask"], true);
    assert!(!case.path("run-taught-1").exists());

    assert_eq!(page.client.send("POST", "/api/lesson", &lesson).status, 200);
    page.client
        .when(|state| state["state"]["learning"]["doing"] == "training");
    case.wait(false);
    let state = page
        .client
        .when(|state| state["state"]["lessons"].as_array().unwrap().len() == 1);
    let lesson = &state["state"]["lessons"][0];
    assert_eq!(lesson["learned"]["taught"][0]["kind"], "missed");
    assert_eq!(lesson["taught_ids"], json!([scratch]));
    let told = image::open(case.path("mask.png")).unwrap().to_luma8();
    assert!(
        told.pixels().all(|p| p.0[0] == 255),
        "the mask that was painted"
    );
    let models = state["state"]["models"].as_array().unwrap();
    assert_eq!(models.len(), 2);
    assert!(models[1]["current"] == true && case.path("run/model.bgad").exists());
    let taught = page.client.scored(case.images());
    assert_eq!(by_group(&taught, "scratch")["taught"], 1);
}

#[test]
fn the_page_shows_the_learning_programs_message() {
    let case = Case::new();
    let page = case.start();
    let state = page.client.scored(case.images());
    let normal = id_of(&state, "normal");
    page.client.decide(&normal, Some("good"), &json!("keep"), 0);
    std::fs::write(case.path("fail"), "").unwrap();
    let lesson = json!({ "false_alarms": [normal] });
    page.client.send("POST", "/api/lesson", &lesson);
    let state = page
        .client
        .when(|state| state["state"]["failure"].is_string());
    assert_eq!(
        state["state"]["failure"],
        "these features are of another backbone"
    );

    // It can be stopped.
    case.wait(true);
    page.client.send("POST", "/api/lesson", &lesson);
    page.client
        .when(|state| state["state"]["learning"]["doing"] == "training");
    page.client.send("DELETE", "/api/lesson", &json!({}));
    let state = page
        .client
        .when(|state| state["state"]["learning"].is_null());
    assert!(
        state["state"]["failure"]
            .as_str()
            .unwrap()
            .contains("stopped")
    );
}
