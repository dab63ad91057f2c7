//! Uploaded images.

use crate::client::{id, row};
use crate::engine::{Case, grey};

fn png(case: &Case, level: u8) -> Vec<u8> {
    let path = case.path("drawn.png");
    grey(&path, level);
    std::fs::read(path).unwrap()
}

#[test]
fn an_uploaded_image_is_stored_and_scored() {
    let mut case = Case::new();
    let bytes = png(&case, 40);
    let send = |case: &Case, name: &str, bytes: &[u8]| {
        let path = format!("/api/uploads/{name}");
        case.client().ask("POST", &path, &[], bytes)
    };
    assert_eq!(send(&case, "part%201.png", &bytes).status, 200);
    // The same image again is the same entry; another image with its name is a new entry.
    assert_eq!(send(&case, "part%201.png", &bytes).status, 200);
    assert_eq!(send(&case, "part%201.png", &png(&case, 41)).status, 200);
    let state = case.client().scored(6);
    assert!(row(&state, "part_1.png")["score"].is_number());
    let stored = std::fs::read(case.path("run/review/uploads/part_1.png")).unwrap();
    assert_eq!(stored, bytes);
    case.start();
    assert_eq!(
        id(&case.client().scored(6), "part_1.png"),
        id(&state, "part_1.png")
    );
}

#[test]
fn a_name_cannot_leave_the_store() {
    let case = Case::new();
    let bytes = png(&case, 40);
    for name in [
        "..%2F..%2Fevil.png",
        "%2Fetc%2Fevil.png",
        "..%5Cevil.png",
        ".evil.png",
    ] {
        let answer = case
            .client()
            .ask("POST", &format!("/api/uploads/{name}"), &[], &bytes);
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    }
    let stored = std::fs::read_dir(case.path("run/review/uploads")).unwrap();
    for file in stored {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(name.ends_with("evil.png"), "{name}");
    }
    assert!(!case.path("evil.png").exists() && !case.path("run/evil.png").exists());
}

#[test]
fn too_large_uploads_and_other_files_are_refused() {
    let case = Case::new();
    let send = |name: &str, bytes: &[u8]| {
        let path = format!("/api/uploads/{name}");
        case.client().ask("POST", &path, &[], bytes)
    };
    let large = send("large.png", &vec![0; 20_001]);
    assert_eq!(large.status, 413);
    assert!(large.error().contains("large.png"), "{}", large.error());
    let text = send("notes.txt", b"text");
    assert_eq!(text.status, 400);
    assert!(text.error().contains(".png"), "{}", text.error());
    // A damaged image is stored; its tile says what is wrong.
    assert_eq!(send("broken.png", b"no image").status, 200);
    let state = case.client().scored(5);
    assert!(row(&state, "broken.png")["error"].is_string());
    let stored = std::fs::read_dir(case.path("run/review/uploads")).unwrap();
    assert_eq!(stored.count(), 1);
}
