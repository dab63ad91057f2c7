//! The images, their pictures and figures.

use serde_json::json;

use crate::client::{id, row};
use crate::engine::{Case, grey};

#[test]
fn images_are_scored_and_a_damaged_one_says_why() {
    let case = Case::new();
    let state = case.client().scored(4);
    assert_eq!(state["complete"], true);
    assert_eq!(state["state"]["model"]["threshold"], 0.5);
    let score = row(&state, "bright.png")["score"].as_f64().unwrap();
    assert!((score - 230.0 / 255.0).abs() < 1e-6, "{score}");
    assert_eq!(row(&state, "dark.png")["group"], "images");
    let torn = row(&state, "torn.png");
    assert!(torn.get("score").is_none(), "{torn}");
    assert!(
        torn["error"].as_str().unwrap().contains("torn.png"),
        "{torn}"
    );

    let detail = case
        .client()
        .get(&format!("/api/images/{}", id(&state, "dark.png")))
        .json();
    assert_eq!(
        (&detail["width"], &detail["height"]),
        (&json!(8), &json!(8))
    );
    assert_eq!(detail["regions"][0]["top"], 4);
}

#[test]
fn pictures_are_what_they_say() {
    let case = Case::new();
    let client = case.client();
    let id = id(&client.scored(4), "bright.png");
    let picture = |what: &str| {
        let answer = client.get(&format!("/api/images/{id}/{what}"));
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        (
            answer.header("content-type").unwrap().to_owned(),
            answer.body,
        )
    };
    let (kind, bytes) = picture("picture");
    assert_eq!(kind, "image/png");
    let image = image::load_from_memory(&bytes).unwrap().to_rgb8();
    assert_eq!(
        (image.dimensions(), image.get_pixel(3, 3).0),
        ((8, 8), [230; 3])
    );
    assert_eq!(picture("thumbnail").0, "image/jpeg");
    let map = image::load_from_memory(&picture("map").1)
        .unwrap()
        .to_luma8();
    assert_eq!(map.into_raw(), [0, 80, 171, 255]);
    // Coloured as by `bgad predict --heatmaps`: nothing, then cyan, yellow at the threshold, red.
    let heat = image::load_from_memory(&picture("heat").1)
        .unwrap()
        .to_rgba8();
    assert_eq!(heat.get_pixel(0, 0).0[3], 0);
    assert_eq!(heat.get_pixel(1, 1).0, [220, 0, 0, 255]);
    let [red, green, blue, _] = heat.get_pixel(0, 1).0;
    assert!(red > 250 && green > 215 && blue < 5, "{red} {green} {blue}");
    assert_eq!(client.get(&format!("/api/images/{id}/mask")).status, 404);
    assert_eq!(client.get("/api/images/0000/picture").status, 404);
}

#[test]
fn new_files_in_the_folder_appear() {
    let case = Case::new();
    let client = case.client();
    let first = client.scored(4);
    let version = first["version"].as_u64().unwrap();
    let instance = first["instance"].as_str().unwrap();
    grey(&case.path("images/later/new.png"), 250);
    let state = client.scored(5);
    assert_eq!(row(&state, "new.png")["group"], "images/later");
    // A client with the earlier version is sent only this image; after a restart, all images.
    let news = client
        .get(&format!("/api/changes/{instance}/{version}"))
        .json();
    assert_eq!(
        (&news["complete"], news["images"].as_array().unwrap().len()),
        (&json!(false), 1)
    );
    let all = client.get(&format!("/api/changes/other/{version}")).json();
    assert_eq!(all["complete"], true);

    // Another image with the same name is read again.
    grey(&case.path("images/dark.png"), 255);
    client.when(|state| row(state, "dark.png")["score"] == 1.0);
}

#[test]
fn a_run_shows_its_own_images_with_their_labels() {
    let mut case = Case::new();
    grey(&case.path("run/known/ok.png"), 10);
    grey(&case.path("run/known/glare.png"), 90);
    case.start();
    let state = case.client().scored(6);
    assert_eq!(row(&state, "ok.png")["known"]["verdict"], "good");
    let glare = row(&state, "glare.png");
    assert_eq!(
        glare["known"],
        json!({ "verdict": "defect", "kind": "glare" })
    );

    let report = case.client().get("/api/export/report");
    assert_eq!(report.text(), "lamps: 1 of 2 at None");
    let table = case.client().get("/api/export/scores.csv").text();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 7, "{table}");
    assert!(
        lines
            .iter()
            .any(|l| l.ends_with("false,abnormal,glare,data set,")),
        "{table}"
    );
}

#[test]
fn a_threshold_that_was_set_is_kept_and_exported() {
    let mut case = Case::new();
    let set = |case: &Case, threshold: Option<f32>, seen: f32| {
        let body = json!({ "threshold": threshold, "seen": seen });
        case.client().send("PUT", "/api/threshold", &body).status
    };
    assert_eq!(set(&case, Some(0.25), 0.5), 200);
    assert_eq!(
        set(&case, Some(0.75), 0.5),
        409,
        "another window set it meanwhile"
    );
    case.start();
    let state = case.client().state();
    assert_eq!(state["state"]["threshold"], 0.25);
    assert_eq!(state["state"]["model"]["threshold"], 0.5);
    assert_eq!(case.client().get("/api/export/model").text(), "0.25");
    assert_eq!(set(&case, None, 0.25), 200);
    assert_eq!(case.client().get("/api/export/model").text(), "0.5");
}

#[test]
fn without_a_threshold_nothing_is_decided_until_one_is_set() {
    let mut case = Case::new();
    std::fs::write(case.path("run/model.bgad"), "none").unwrap();
    grey(&case.path("run/known/glare.png"), 90);
    case.start();
    let client = case.client();
    let state = client.scored(5);
    for threshold in [
        &state["state"]["threshold"],
        &state["state"]["model"]["threshold"],
    ] {
        assert_eq!(threshold, &json!(null));
    }
    assert!(row(&state, "bright.png")["score"].is_number());
    let table = |case: &Case| -> Vec<Vec<String>> {
        let text = case.client().get("/api/export/scores.csv").text();
        let fields = |line: &str| line.split(',').map(str::to_owned).collect();
        text.lines().skip(1).map(fields).collect()
    };
    for line in table(&case) {
        assert_eq!((&*line[2], &*line[3]), ("", ""), "{line:?}");
    }
    assert_eq!(
        client.get("/api/export/report").text(),
        "lamps: 1 of 1 at None"
    );
    assert_eq!(client.get("/api/export/model").text(), "none");

    let set = |case: &Case, threshold: Option<f32>, seen: Option<f32>| {
        let body = json!({ "threshold": threshold, "seen": seen });
        case.client().send("PUT", "/api/threshold", &body)
    };
    let late = set(&case, Some(0.25), Some(0.5));
    assert_eq!(late.status, 409);
    assert!(late.error().contains("threshold"), "{}", late.error());
    let stored = set(&case, Some(0.25), None);
    assert_eq!(stored.status, 200, "{}", stored.text());
    assert!(stored.json()["version"].as_u64() > state["version"].as_u64());
    case.start();
    let state = case.client().scored(5);
    assert_eq!(state["state"]["threshold"], 0.25);
    let report = case.client().get("/api/export/report").text();
    assert_eq!(report, "lamps: 1 of 1 at Some(0.25)");
    for line in table(&case).iter().filter(|line| !line[1].is_empty()) {
        let score: f32 = line[1].parse().unwrap();
        assert_eq!((&*line[2], &line[3]), ("0.25", &(score > 0.25).to_string()));
    }
    assert_eq!(set(&case, None, Some(0.25)).status, 200);
    assert_eq!(case.client().state()["state"]["threshold"], json!(null));
}

#[test]
fn folders_and_models_can_be_found_and_opened() {
    let case = Case::new();
    let client = case.client();
    let path = |path: &std::path::Path| json!({ "path": path.to_str().unwrap() });
    let listing = client
        .send("POST", "/api/browse", &path(case.folder.path()))
        .json();
    let places = listing["places"].as_array().unwrap();
    let names: Vec<_> = places
        .iter()
        .map(|p| (p["name"].as_str().unwrap(), &p["kind"]))
        .collect();
    assert_eq!(
        names,
        [("run", &json!("run")), ("images", &json!("folder"))]
    );
    assert_eq!(
        client
            .send("POST", "/api/browse", &path(&case.path("none")))
            .status,
        500
    );

    grey(&case.path("more/one.png"), 50);
    assert_eq!(
        client
            .send("POST", "/api/watch", &path(&case.path("more")))
            .status,
        200
    );
    client.scored(5);
    // The other model has its own decisions; the folders stay the same.
    std::fs::write(case.path("alone.bgad"), "0.125").unwrap();
    assert_eq!(
        client
            .send("POST", "/api/open", &path(&case.path("alone.bgad")))
            .status,
        200
    );
    let state = client.scored(5);
    assert_eq!(state["state"]["threshold"], 0.125);
    assert!(state["state"]["obstacle"].as_str().unwrap().contains("run"));
    let store = state["state"]["store"].as_str().unwrap();
    assert!(store.ends_with("alone-review"), "{store}");
    // If it can't be opened, nothing changes.
    assert_eq!(
        client
            .send("POST", "/api/open", &path(&case.path("none.bgad")))
            .status,
        404
    );
    assert_eq!(client.state()["state"]["threshold"], 0.125);
}
