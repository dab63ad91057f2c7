//! Names that are no UTF-8, and the rule for what a folder's images are.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::common::{images, text};
use bgad_data::{
    Dataset, Inspection, Layout, Sample, SplitFile, images_of_folder, path_from_text, path_to_text,
};
use tempfile::{TempDir, tempdir};

/// Two names that differ in a byte that is no UTF-8 (Latin-1).
const LATIN: [&[u8]; 2] = [b"caf\xe9.png", b"caf\xe8.png"];

fn put(folder: &Path, name: &[u8]) {
    images(folder, &["moved.png"]);
    fs::rename(
        folder.join("moved.png"),
        folder.join(OsStr::from_bytes(name)),
    )
    .unwrap();
}

fn set() -> (TempDir, Dataset) {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &["good/0.png", "good/1.png", "good/2.png", "good/3.png"],
    );
    for name in LATIN {
        put(&at.join("dent"), name);
        put(&at.join("masks/dent"), name);
    }
    let dataset = Layout::Folder.read(at, None).unwrap();
    (root, dataset)
}

#[test]
fn paths_come_back_from_text() {
    for name in [
        &b"plain.png"[..],
        "\u{6b20}\u{9665} \u{e9}.png".as_bytes(),
        LATIN[0],
        b"\xff\xfe",
        b"half \xe6\xac",
        b"a\\b.png",
        b"\\xE9.png",
        b"\\\\xe9\xe9\\x",
        b"\\x5C",
        b"a/\xe9/b\\x41.png",
    ] {
        let path = Path::new(OsStr::from_bytes(name));
        let text = path_to_text(path);
        assert_eq!(path_from_text(&text), path, "{text}");
    }
    assert_eq!(
        path_to_text(Path::new(OsStr::from_bytes(LATIN[0]))),
        "caf\\xE9.png"
    );
    assert_eq!(path_to_text(Path::new("a\\b.png")), "a\\b.png");
}

#[test]
fn images_with_such_names_have_their_own_masks() {
    let (_root, dataset) = set();
    let abnormal: Vec<&Sample> = dataset
        .test
        .iter()
        .filter(|s| s.label.is_abnormal())
        .collect();
    assert_eq!(abnormal.len(), 2);
    for sample in abnormal {
        let mask = sample.mask.as_ref().unwrap().paths().next().unwrap();
        assert_eq!(mask.file_name(), sample.path.file_name());
        sample.load_image().unwrap();
        assert!(sample.name().starts_with("caf\\xE"), "{}", sample.name());
    }
    assert!(dataset.orphan_masks.is_empty());
}

#[test]
fn splits_and_samples_go_through_files() {
    let (root, dataset) = set();
    let file = root.path().join("split.json");
    SplitFile::of(&dataset).unwrap().write(&file).unwrap();
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .contains("dent/caf\\\\xE9.png")
    );
    let mut again = Layout::Folder.read(root.path(), None).unwrap();
    SplitFile::read(&file).unwrap().apply(&mut again).unwrap();
    assert_eq!((&again.train, &again.test), (&dataset.train, &dataset.test));

    let text = serde_json::to_string(&dataset.test).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<Sample>>(&text).unwrap(),
        dataset.test
    );
}

#[test]
fn an_inspection_can_be_written() {
    let (root, _) = set();
    let at = root.path();
    fs::remove_file(at.join("masks/dent").join(OsStr::from_bytes(LATIN[0]))).unwrap();
    put(&at.join("masks/dent"), b"orph\xe4n.png");
    fs::write(at.join("dent").join(OsStr::from_bytes(b"not\xe9.txt")), "").unwrap();
    fs::write(
        at.join("dent").join(OsStr::from_bytes(b"br\xf6ken.png")),
        "x",
    )
    .unwrap();
    let found: Inspection = Layout::Folder.read(at, None).unwrap().inspect();
    let json = serde_json::to_string(&found).unwrap();
    for part in [
        "caf\\\\xE9.png",
        "orph\\\\xE4n.png",
        "not\\\\xE9.txt",
        "br\\\\xF6ken.png",
    ] {
        assert!(json.contains(part), "{part} in {json}");
    }
}

#[test]
fn tables_name_such_files_by_escapes() {
    let (root, _) = set();
    let at = root.path();
    text(
        at,
        "m.csv",
        "path,label,mask,split\ngood/0.png,ok,,train\ndent/caf\\xE9.png,bad,masks/dent/caf\\xE9.png\n",
    );
    text(
        at,
        "m.json",
        r#"[{"path":"good/0.png","label":"ok","split":"train"},{"path":"dent/caf\\xE9.png","label":"bad","mask":"masks/dent/caf\\xE9.png"}]"#,
    );
    for name in ["m.csv", "m.json"] {
        let dataset = Layout::Manifest.read(&at.join(name), None).unwrap();
        let sample = &dataset.test[0];
        assert_eq!(
            sample.path.file_name().unwrap().as_bytes(),
            LATIN[0],
            "{name}"
        );
        sample.load_image().unwrap();
        assert!(sample.mask.as_ref().unwrap().paths().all(Path::exists));
    }
    // An escape does not lead out of the folder.
    for escape in [
        "\\x2E\\x2E/a.png",
        "a\\x2F..\\x2F..\\x2Fb.png",
        "\\x2Fetc/a.png",
    ] {
        text(
            at,
            "m.csv",
            &format!("path,label,split\ngood/0.png,ok,train\n{escape},bad,test\n"),
        );
        let error = Layout::Manifest.read(&at.join("m.csv"), None).unwrap_err();
        assert!(error.to_string().contains("points outside"), "{error}");
    }
}

#[test]
fn a_folders_images_are_told_by_one_rule() {
    let root = tempdir().unwrap();
    let at = root.path().join("set");
    images(&at, &["b.png", "a.JPG", "deep/er/c.webp", "__MACOSX/d.png"]);
    images(root.path(), &["elsewhere/e.png"]);
    text(&at, "._b.png", "an AppleDouble companion");
    text(&at, ".hidden.png", "");
    text(&at, ".cache/x.png", "");
    text(&at, "__MACOSX/._d.png", "");
    text(&at, "notes.txt", "");
    let link =
        |target: &Path, name: &str| std::os::unix::fs::symlink(target, at.join(name)).unwrap();
    link(&at.join("b.png"), "z.png");
    link(&at.join("absent.png"), "gone.png");
    link(&root.path().join("elsewhere"), "linked");
    link(&at, "circle");
    link(root.path(), "around");
    put(&at, LATIN[0]);

    let found = images_of_folder(&at).unwrap();
    let below = |path: &PathBuf| path.strip_prefix(&at).unwrap().to_owned();
    let names: Vec<String> = found
        .images
        .iter()
        .map(|path| path_to_text(&below(path)))
        .collect();
    let expected = [
        "a.JPG",
        "b.png",
        "caf\\xE9.png",
        "z.png",
        "__MACOSX/d.png",
        "deep/er/c.webp",
        "linked/e.png",
    ];
    assert_eq!(names, expected);
    let skipped: Vec<String> = found
        .skipped
        .iter()
        .map(|file| path_to_text(&below(&file.path)))
        .collect();
    assert_eq!(skipped, ["gone.png", "notes.txt"]);
    assert!(images_of_folder(&at.join("absent")).is_err());
}
