//! Decisions and masks, and the table that training reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bgad_data::Layout;
use serde_json::{Value, json};

use crate::client::{id, row};
use crate::engine::{Case, SIZE};

/// A mask as a browser paints it: in colour, with a white left half.
fn painted((width, height): (u32, u32)) -> Value {
    let white = |x: u32| if x < width / 2 { 255 } else { 0 };
    let mask = image::RgbaImage::from_fn(width, height, |x, _| {
        image::Rgba([white(x), white(x), white(x), 255])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    mask.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    json!({ "png": STANDARD.encode(bytes.into_inner()) })
}

#[test]
fn training_reads_the_decisions() {
    let case = Case::new();
    let client = case.client();
    let state = client.scored(4);
    let [dark, middle, bright] = ["dark.png", "middle.png", "bright.png"].map(|n| id(&state, n));
    let stored = client.decide(&dark, Some("good"), &json!("keep"), 0);
    assert_eq!(stored.status, 200, "{}", stored.text());
    assert_eq!(stored.json()["decision"]["verdict"], "good");
    client.decide(&bright, Some("good"), &json!("keep"), 0);
    let defect = |kind: &str, mask: &Value, revision: u64| {
        let body = json!({ "verdict": "defect", "kind": kind, "mask": mask, "revision": revision });
        let path = format!("/api/images/{middle}/decision");
        client.send("PUT", &path, &body).json()
    };
    let stored = defect("", &painted(SIZE), 0);
    assert_eq!(
        stored["decision"],
        json!({ "verdict": "defect", "kind": "", "mask": true })
    );
    // The kind is set later, and the mask is kept.
    let revision = stored["revision"].as_u64().unwrap();
    defect("glare", &json!("keep"), revision);

    let store = case.path("run/review");
    let dataset = Layout::Manifest.read(&store, None).unwrap();
    let samples = || dataset.train.iter().chain(&dataset.test);
    assert_eq!(samples().count(), 3);
    assert!(!dataset.train.is_empty(), "good images train");
    let images = store.join("images");
    assert!(samples().all(|sample| sample.path.starts_with(&images) && sample.path.is_file()));
    let abnormal = samples().find(|sample| sample.label.is_abnormal()).unwrap();
    assert_eq!(abnormal.defect_type, "glare");
    let mask = abnormal.load_mask().unwrap().unwrap();
    assert_eq!((mask.width(), mask.height(), mask.area()), (8, 8, 32));

    let mask = client.get(&format!("/api/images/{middle}/mask")).body;
    let mask = image::load_from_memory(&mask).unwrap().to_luma8();
    assert_eq!(
        (mask.get_pixel(3, 0).0, mask.get_pixel(4, 0).0),
        ([255], [0])
    );
}

#[test]
fn a_decision_of_another_window_is_not_overwritten() {
    let case = Case::new();
    let client = case.client();
    let dark = id(&client.scored(4), "dark.png");
    let first = client
        .decide(&dark, Some("defect"), &painted(SIZE), 0)
        .json();
    let before = case.table();
    // The other window had seen no decision.
    let stale = client.decide(&dark, Some("good"), &json!("keep"), 0);
    assert_eq!(stale.status, 409);
    assert!(
        stale.error().contains("another window"),
        "{}",
        stale.error()
    );
    assert_eq!(case.table(), before);
    // It receives the current row, and decides again.
    let seen = row(&client.state(), "dark.png")["revision"]
        .as_u64()
        .unwrap();
    assert_eq!(first["revision"], seen);
    let second = client
        .decide(&dark, Some("good"), &json!("keep"), seen)
        .json();
    assert!(second["revision"].as_u64().unwrap() > seen);
    assert_eq!(
        second["decision"]["mask"], false,
        "a good image has no mask"
    );
    let masks = std::fs::read_dir(case.path("run/review/masks")).unwrap();
    assert_eq!(masks.count(), 0, "nothing names the mask any more");
}

#[test]
fn a_decision_can_be_removed_and_made_again() {
    let mut case = Case::new();
    let dark = id(&case.client().scored(4), "dark.png");
    let decide = |case: &Case, verdict, revision| {
        let answer = case
            .client()
            .decide(&dark, verdict, &json!("keep"), revision);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["revision"].as_u64().unwrap()
    };
    let first = decide(&case, Some("good"), 0);
    assert_eq!(decide(&case, None, first), 0);
    assert_eq!(case.table().lines().count(), 1, "the heading");
    // Its revision is not used again, even after a restart.
    case.start();
    case.client().scored(4);
    assert!(decide(&case, Some("defect"), 0) > first);
    let late = case
        .client()
        .decide(&dark, Some("good"), &json!("keep"), first);
    assert_eq!(late.status, 409);
}

#[test]
fn invalid_decisions_are_refused() {
    let case = Case::new();
    let client = case.client();
    let state = client.scored(4);
    let dark = id(&state, "dark.png");
    let refused = |mask: &Value, kind: &str, expected: &str| {
        let body = json!({ "verdict": "defect", "kind": kind, "mask": mask, "revision": 0 });
        let answer = client.send("PUT", &format!("/api/images/{dark}/decision"), &body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.error().contains(expected), "{}", answer.error());
    };
    refused(&painted((9, 8)), "", "9 x 8");
    refused(&json!({ "png": "AAAA" }), "", "PNG");
    refused(&json!({ "png": "?" }), "", "mask");
    refused(&json!("keep"), "good", "not 'good'");
    refused(&json!("keep"), "a\nb", "kind of defect");
    refused(&json!("paint"), "", "not what the page sends");
    let torn = id(&state, "torn.png");
    let answer = client.decide(&torn, Some("good"), &json!("keep"), 0);
    assert_eq!(answer.status, 400);
    assert_eq!(
        client
            .decide("0000", Some("good"), &json!("keep"), 0)
            .status,
        404
    );
    assert_eq!(case.table(), "");
}
