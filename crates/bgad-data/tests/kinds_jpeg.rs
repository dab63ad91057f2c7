//! Kinds of JPEG: read rightly, or refused by their true reason.

use std::fs;
use std::path::{Path, PathBuf};

use bgad_data::{DataError, load_image};
use tempfile::tempdir;

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    folder.join(name)
}

#[test]
fn one_channel_after_the_other_is_the_same_picture() {
    for sampling in [
        "1x1",
        "2x1",
        "1x2",
        "2x2",
        "4x1",
        "1x4",
        "4x2",
        "2x2_1x2_1x1",
    ] {
        let together = load_image(&fixture(&format!("seq_{sampling}.jpg"))).unwrap();
        let apart = load_image(&fixture(&format!("ni_{sampling}.jpg"))).unwrap();
        assert!(together == apart, "{sampling}");
    }
    let together = load_image(&fixture("seq_2x2.jpg")).unwrap();
    for name in ["ni_restart_2x2.jpg", "progressive_2x2.jpg"] {
        assert!(load_image(&fixture(name)).unwrap() == together, "{name}");
    }
    let pillow = fs::read(fixture("seq_2x2.rgb")).unwrap();
    let pairs = together.as_raw().iter().zip(pillow);
    assert!(pairs.map(|(a, b)| a.abs_diff(b)).max().unwrap() <= 3);
}

/// Where the frame header's height stands, which the width follows.
fn height_of(bytes: &[u8]) -> usize {
    let is_frame = |pair: &[u8]| matches!(pair, [0xff, 0xc0..=0xc2]);
    bytes.windows(2).position(is_frame).unwrap() + 5
}

#[test]
fn pixels_are_those_of_the_usual_decoder() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.jpg");
    for name in [
        "seq_1x1.jpg",
        "seq_2x1.jpg",
        "seq_1x2.jpg",
        "seq_2x2.jpg",
        "seq_4x2.jpg",
        "standard_tables.jpg",
        "grey.jpg",
    ] {
        let mut bytes = fs::read(fixture(name)).unwrap();
        let at = height_of(&bytes);
        let side = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let (height, width) = (side(at), side(at + 2));
        // Sizes of as many blocks.
        let sizes = |side: u16| (side - 1) / 8 * 8 + 1..=side;
        for (width, height) in sizes(width).flat_map(|w| sizes(height).map(move |h| (w, h))) {
            bytes[at..at + 2].copy_from_slice(&height.to_be_bytes());
            bytes[at + 2..at + 4].copy_from_slice(&width.to_be_bytes());
            fs::write(&path, &bytes).unwrap();
            let expected = image::load_from_memory(&bytes).unwrap().to_rgb8();
            assert!(
                load_image(&path).unwrap() == expected,
                "{name} of {width} x {height}"
            );
        }
    }
}

#[test]
fn colours_that_adobe_names_are_heeded() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.jpg");
    let whole = fs::read(fixture("seq_1x1.jpg")).unwrap();
    let mut pictures = Vec::new();
    for transform in [0, 1] {
        let marker = [
            b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0".as_slice(),
            &[transform],
        ]
        .concat();
        let bytes = [&whole[..2], &marker, &whole[2..]].concat();
        fs::write(&path, &bytes).unwrap();
        let picture = load_image(&path).unwrap();
        assert!(picture == image::load_from_memory(&bytes).unwrap().to_rgb8());
        pictures.push(picture);
    }
    assert!(pictures[0] != pictures[1]);
    assert!(pictures[1] == load_image(&fixture("seq_1x1.jpg")).unwrap());
}

#[test]
fn other_kinds_are_refused_by_their_reason() {
    for (name, part) in [
        ("arithmetic.jpg", "arithmetic coding"),
        ("twelve_bits.jpg", "12 bits"),
        ("lossless.jpg", "lossless"),
        ("jpeg_ls.jpg", "JPEG-LS"),
        ("thirds.jpg", "third"),
        ("larger_colours.jpg", "smaller than others"),
    ] {
        let error = load_image(&fixture(name)).unwrap_err();
        assert!(matches!(error, DataError::UnreadKind { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(part) && text.contains(name), "{text}");
    }
}

#[test]
fn data_that_end_early_are_damage_whatever_marker_follows() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.jpg");
    for name in [
        "seq_1x1.jpg",
        "seq_2x2.jpg",
        "ni_2x2.jpg",
        "ni_restart_2x2.jpg",
        "progressive_2x2.jpg",
    ] {
        let whole = fs::read(fixture(name)).unwrap();
        let scan = whole
            .windows(2)
            .rposition(|pair| pair == [0xff, 0xda])
            .unwrap();
        // Behind the last scan's header; the last bytes may be padding.
        for length in (scan + 14..whole.len() - 6).step_by(3) {
            for end in [&[0xff, 0xd9][..], &[0xff, 0xd9, 0, 0, 0xff, 0xd9], &[]] {
                fs::write(&path, [&whole[..length], end].concat()).unwrap();
                let error = load_image(&path).expect_err(&format!("{name} cut at {length}"));
                assert!(matches!(error, DataError::DamagedImage { .. }), "{error:?}");
            }
        }
    }
}

#[test]
fn what_lies_behind_an_image_is_left_alone() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.jpg");
    let whole = fs::read(fixture("seq_2x2.jpg")).unwrap();
    let expected = load_image(&fixture("seq_2x2.jpg")).unwrap();
    // A second image, as telephones write it, and a trailer.
    let second = fs::read(fixture("seq_1x1.jpg")).unwrap();
    for behind in [second, b"trailer of a program".to_vec()] {
        fs::write(&path, [whole.clone(), behind].concat()).unwrap();
        assert!(load_image(&path).unwrap() == expected);
    }
}

#[test]
fn damage_of_any_byte_is_an_error_or_a_picture() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.jpg");
    for name in [
        "ni_2x2.jpg",
        "ni_restart_2x2.jpg",
        "progressive_2x2.jpg",
        "seq_4x2.jpg",
    ] {
        let whole = fs::read(fixture(name)).unwrap();
        for index in 0..whole.len() {
            for change in [0xff, 0x01, 0x80] {
                let mut damaged = whole.clone();
                damaged[index] ^= change;
                fs::write(&path, &damaged).unwrap();
                load_image(&path).ok();
            }
        }
    }
}

#[test]
fn a_small_file_does_not_claim_much_memory() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.jpg");
    for name in ["seq_2x2.jpg", "ni_2x2.jpg", "progressive_2x2.jpg"] {
        let mut bytes = fs::read(fixture(name)).unwrap();
        let at = height_of(&bytes);
        bytes[at..at + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        fs::write(&path, &bytes).unwrap();
        let error = load_image(&path).unwrap_err();
        assert!(
            matches!(error, DataError::ImageTooLarge { .. }),
            "{error:?}"
        );
    }
}

#[test]
fn films_pictures_have_the_standard_tables() {
    let root = tempdir().unwrap();
    let path = root.path().join("image.jpg");
    let whole = fs::read(fixture("standard_tables.jpg")).unwrap();
    let (mut at, mut bare) = (2, whole[..2].to_vec());
    // The same file without its Huffman tables.
    while whole[at + 1] != 0xda {
        let behind = at + 2 + usize::from(u16::from_be_bytes([whole[at + 2], whole[at + 3]]));
        if whole[at + 1] != 0xc4 {
            bare.extend(&whole[at..behind]);
        }
        at = behind;
    }
    bare.extend(&whole[at..]);
    assert_eq!(whole.len() - bare.len(), 416 + 4 * 4);
    fs::write(&path, &bare).unwrap();
    let expected = load_image(&fixture("standard_tables.jpg")).unwrap();
    assert!(load_image(&path).unwrap() == expected);
}
