//! Folders that are watched, and paths that are missing.

use std::path::Path;
use std::process::Command;

use super::case::{Case, by_group, message};
use crate::client::{id, row};

#[test]
fn new_images_are_scored() {
    let case = Case::new();
    let page = case.start();
    page.client.scored(case.images());
    let from = case.path("parts/test/scratch/000.png");
    std::fs::copy(from, case.path("new/came.png")).unwrap();
    let state = page.client.scored(case.images() + 1);
    let came = row(&state, "came.png");
    assert_eq!(came["group"], "new");
    assert_eq!(came["score"], by_group(&state, "scratch")["score"]);
    assert_eq!(id(&state, "came.png").len(), 16);
}

#[test]
fn missing_paths_end_it_with_a_message() {
    let case = Case::new();
    let refused = |command: &mut Command, expected: &str| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", message(&output));
        assert!(message(&output).contains(expected), "{}", message(&output));
    };
    refused(&mut case.review("none.bgad"), "no such run or model");
    refused(&mut case.review("parts"), "run.json");
    refused(case.review("run").arg(case.path("nowhere")), "nowhere");
    let page = case.start();
    refused(&mut case.review("run"), "another `bgad review`");
    drop(page);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command
        .arg("review")
        .arg(case.path("run"))
        .args(["--no-open", "--port", &port]);
    refused(&mut command, "--port");
    assert!(!Path::new("run-taught-1").exists());
}
