//! Kinds of PNG and WebP, and files that are neither.

use std::fs;
use std::path::Path;
use std::process::Command;

use bgad_data::{DataError, load_image};
use tempfile::tempdir;

#[test]
fn interlaced_and_animated_images_show_their_first_picture() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    let expected = fs::read(folder.join("rgb.rgb")).unwrap();
    for name in ["interlaced.png", "animated.png", "animated.webp"] {
        let found = load_image(&folder.join(name)).unwrap();
        assert!(found.as_raw()[..] == expected, "{name}");
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.png");
    let cases: [(&[u8], &str); 7] = [
        (b"GIF89a\x01\0\x01\0", "a GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"P6\n4 4\n255\n", "PNM"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"anything else", "not an image"),
    ];
    for (bytes, part) in cases {
        fs::write(&path, bytes).unwrap();
        let error = load_image(&path).unwrap_err();
        assert!(matches!(error, DataError::NotAnImage { .. }), "{error:?}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

/// Runs itself for `a_panicking_decoder_is_silent`.
#[test]
#[ignore = "prints what the test below looks at"]
fn reads_a_file_that_makes_its_decoder_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    load_image(&folder.join("lengths.webp")).unwrap_err();
}

#[test]
fn a_panicking_decoder_is_silent() {
    let this = std::env::current_exe().unwrap();
    let arguments = [
        "--ignored",
        "--nocapture",
        "reads_a_file_that_makes_its_decoder_panic",
    ];
    let output = Command::new(this).args(arguments).output().unwrap();
    assert!(output.status.success());
    // A name that matches no test would also succeed.
    let ran = String::from_utf8_lossy(&output.stdout);
    assert!(ran.contains("1 passed"), "{ran}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!text.contains("panicked"), "{text}");
}
