//! Learning from decisions.

use bgad_review::engine::Flipped;
use serde_json::json;

use crate::client::{id, row};
use crate::engine::Case;

/// A case with a missed defect and a false alarm.
fn decided() -> (Case, String, String) {
    let case = Case::new();
    let client = case.client();
    let state = client.scored(4);
    let (middle, bright) = (id(&state, "middle.png"), id(&state, "bright.png"));
    client.decide(&middle, Some("defect"), &json!("keep"), 0);
    client.decide(&bright, Some("good"), &json!("keep"), 0);
    (case, middle, bright)
}

#[test]
fn a_lesson_gives_another_model_and_keeps_the_first() {
    let (mut case, middle, bright) = decided();
    let client = case.client();
    let lesson = json!({ "missed": [middle], "false_alarms": [bright] });
    let started = client.send("POST", "/api/lesson", &lesson);
    assert_eq!(started.status, 200, "{}", started.text());
    let state = client.when(|state| state["state"]["learning"]["doing"] == "polishing");
    assert_eq!(state["state"]["learning"]["progress"], 0.5);
    assert_eq!(
        client.send("POST", "/api/lesson", &lesson).status,
        503,
        "one at a time"
    );
    // Decisions can be made meanwhile.
    let dark = id(&state, "dark.png");
    assert_eq!(
        client.decide(&dark, Some("good"), &json!("keep"), 0).status,
        200
    );

    std::fs::write(case.path("go"), "").unwrap();
    client.when(|state| state["state"]["lessons"].as_array().unwrap().len() == 1);
    let state = &client.scored(4)["state"].clone();
    assert_eq!(state["learning"], json!(null));
    assert_eq!(state["threshold"], 0.25);
    let learned = &state["lessons"][0]["learned"];
    assert_eq!(
        learned["threshold"],
        json!({ "before": 0.5, "after": 0.25 })
    );
    assert_eq!(state["lessons"][0]["taught_ids"], json!([middle, bright]));
    // An image of the run that is not on the wall has a thumbnail all the same.
    assert_eq!(state["lessons"][0]["flipped_ids"], json!([null]));
    let flipped = |lesson: usize, index: usize| {
        let address = format!("/api/lessons/{lesson}/flipped/{index}/thumbnail");
        client.ask("GET", &address, &[], &[])
    };
    assert!(flipped(0, 0).status >= 400, "the file does not exist");
    image::GrayImage::new(8, 8)
        .save(case.path("of-the-run.png"))
        .unwrap();
    let thumbnail = flipped(0, 0);
    assert_eq!(thumbnail.status, 200, "{}", thumbnail.text());
    assert_eq!(thumbnail.header("content-type"), Some("image/jpeg"));
    for (lesson, index) in [(0, 1), (1, 0), (usize::MAX, usize::MAX)] {
        assert_eq!(flipped(lesson, index).status, 404);
    }
    let models = state["models"].as_array().unwrap();
    let names: Vec<_> = models
        .iter()
        .map(|m| (m["name"].as_str().unwrap(), &m["current"]))
        .collect();
    assert_eq!(
        names,
        [("run", &json!(false)), ("run-taught-1", &json!(true))]
    );
    assert_eq!(
        std::fs::read_to_string(case.path("run/model.bgad")).unwrap(),
        "0.5"
    );

    // The decisions are the same with either model, also with the taught one after a restart.
    let back = json!({ "path": models[0]["path"] });
    assert_eq!(client.send("POST", "/api/model", &back).status, 200);
    let state = client.scored(4);
    assert_eq!(state["state"]["threshold"], 0.5);
    assert_eq!(row(&state, "middle.png")["taught"], 1);
    let elsewhere = json!({ "path": "/" });
    assert_eq!(client.send("POST", "/api/model", &elsewhere).status, 404);
    case.server = None;
    let mut options = case.options();
    options.model = case.path("run-taught-1");
    let server = bgad_review::Server::start(Box::new(crate::engine::Brightness), &options).unwrap();
    let state = crate::client::Client(server.address()).scored(4);
    assert_eq!(row(&state, "dark.png")["decision"]["verdict"], "good");
    assert_eq!(state["state"]["lessons"].as_array().unwrap().len(), 1);
}

#[test]
fn a_lesson_can_be_stopped_and_may_fail() {
    let (case, middle, bright) = decided();
    let client = case.client();
    let lesson = json!({ "missed": [middle] });
    client.send("POST", "/api/lesson", &lesson);
    client.when(|state| state["state"]["learning"].is_object());
    assert_eq!(client.send("DELETE", "/api/lesson", &json!({})).status, 200);
    let state = client.when(|state| state["state"]["learning"].is_null());
    assert!(
        state["state"]["failure"]
            .as_str()
            .unwrap()
            .contains("stopped")
    );
    assert_eq!(state["state"]["threshold"], 0.5);

    std::fs::write(case.path("fail"), "").unwrap();
    client.send("POST", "/api/lesson", &lesson);
    let state = client.when(|state| state["state"]["failure"] == "no polish is left");
    assert_eq!(state["state"]["lessons"], json!([]));
    assert!(!case.path("run-taught-1").exists());

    // Nothing to teach, and images that were decided otherwise, are refused.
    assert_eq!(client.send("POST", "/api/lesson", &json!({})).status, 400);
    let wrong = client.send("POST", "/api/lesson", &json!({ "missed": [bright] }));
    assert_eq!(wrong.status, 400);
    assert!(wrong.error().contains("bright.png"), "{}", wrong.error());
}

#[test]
fn an_interrupted_lesson_is_reported() {
    let (mut case, middle, _) = decided();
    let lesson = json!({ "missed": [middle] });
    case.client().send("POST", "/api/lesson", &lesson);
    case.client()
        .when(|state| state["state"]["learning"].is_object());
    case.start();
    let state = case.client().scored(4);
    assert!(state["state"]["learning"].is_null());
    let failure = state["state"]["failure"].as_str().unwrap();
    assert!(failure.contains("interrupted"), "{failure}");
    assert_eq!(row(&state, "middle.png")["decision"]["verdict"], "defect");
    // It can be started again.
    std::fs::write(case.path("go"), "").unwrap();
    assert_eq!(
        case.client().send("POST", "/api/lesson", &lesson).status,
        200
    );
    case.client()
        .when(|state| state["state"]["threshold"] == 0.25);
}

#[test]
fn lessons_of_an_earlier_version_have_no_scores_of_flipped_images() {
    let earlier = json!({
        "image": "a.png",
        "label": "normal",
        "abnormal": { "before": false, "after": true },
    });
    let flipped: Flipped = serde_json::from_value(earlier.clone()).unwrap();
    assert!(flipped.score.is_none());
    let mut now = earlier;
    now["score"] = json!({ "before": 1.0, "after": 2.5 });
    let flipped: Flipped = serde_json::from_value(now).unwrap();
    assert_eq!(flipped.score.unwrap().after, 2.5);
}
