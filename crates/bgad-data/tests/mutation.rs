//! Tables, manifests and split files with random damage: errors, never a panic.

use bgad_data::{Layout, SplitFile, sample_rng};
use rand::RngExt;
use tempfile::tempdir;

use crate::common::images;

const ROUNDS: u64 = 400;

/// Changes, removes, repeats or inserts a few bytes; the inserted ones are those that matter.
fn damage(text: &str, index: u64) -> Vec<u8> {
    const TELLING: [&[u8]; 14] = [
        b"..",
        b"/",
        b"\"",
        b",",
        b"\n",
        b"{",
        b"[",
        b"\0",
        b"\xff",
        b"1e999",
        b"-1",
        b"\xef\xbb\xbf",
        b"\\u0000",
        b";",
    ];
    let mut rng = sample_rng(17, 0, index);
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..bytes.len().max(1));
        match rng.random_range(0..4) {
            0 if at < bytes.len() => bytes[at] = rng.random_range(0..=255),
            1 if at < bytes.len() => {
                let end = (at + rng.random_range(1..20)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => bytes.truncate(at),
            _ => {
                let piece = TELLING[rng.random_range(0..TELLING.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

/// Reads damaged versions of a file; gives how many were accepted and how many refused.
fn rounds(text: &str, read: impl Fn(&[u8]) -> Result<(), String>) -> (u64, u64) {
    read(text.as_bytes()).unwrap();
    let mut refused = 0;
    for index in 0..ROUNDS {
        if let Err(message) = read(&damage(text, index)) {
            assert!(!message.is_empty());
            refused += 1;
        }
    }
    (ROUNDS - refused, refused)
}

#[test]
fn damaged_tables_are_refused_or_stay_inside() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "head_ct/000.png",
            "head_ct/001.png",
            "good/1.png",
            "good/2.png",
            "bad/1.png",
        ],
    );
    let layouts = [
        (Layout::HeadCt, "labels.csv", "id, hemorrhage\n0,0\n1,1\n"),
        (
            Layout::Elpv,
            "labels.csv",
            "images/a.png 0.0 mono\nimages/b.png 1.0 poly\nimages/c.png 0.5 poly\n",
        ),
        (
            Layout::Manifest,
            "m.csv",
            "path,label,split,mask,defect_type\na.png,normal,train,,\nb.png,bad,test,b_mask.png;c.png,dent\n",
        ),
        (
            Layout::Manifest,
            "m.json",
            r#"[{"path":"a.png","label":0,"split":"train"},{"path":"b.png","label":"bad","mask":["m.png"],"split":"test"}]"#,
        ),
    ];
    for (layout, name, text) in layouts {
        let file = at.join(name);
        let (accepted, refused) = rounds(text, |bytes| {
            std::fs::write(&file, bytes).unwrap();
            let data = if layout == Layout::Manifest {
                &file
            } else {
                at
            };
            let dataset = layout.read(data, None).map_err(|error| error.to_string())?;
            for sample in dataset.samples() {
                let masks = sample.mask.iter().flat_map(|mask| mask.paths());
                for path in masks.chain([sample.path.as_path()]) {
                    let inside = path.strip_prefix(at).unwrap();
                    assert!(
                        inside.components().all(|part| matches!(
                            part,
                            std::path::Component::Normal(_) | std::path::Component::CurDir
                        )),
                        "{}",
                        path.display()
                    );
                }
            }
            dataset.inspect();
            Ok(())
        });
        assert!(
            accepted > 0 && refused > ROUNDS / 4,
            "{name}: {accepted} accepted, {refused} refused"
        );
    }
}

#[test]
fn damaged_split_files_are_refused_or_fit() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/1.png", "good/2.png", "bad/1.png"]);
    let set = Layout::Folder.read(at, None).unwrap();
    let file = at.join("split.json");
    SplitFile::of(&set).unwrap().write(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let (accepted, refused) = rounds(&text, |bytes| {
        std::fs::write(&file, bytes).unwrap();
        let mut again = set.clone();
        let split = SplitFile::read(&file).map_err(|error| error.to_string())?;
        split.apply(&mut again).map_err(|error| error.to_string())?;
        assert!(
            again
                .samples()
                .all(|sample| set.samples().any(|known| known == sample))
        );
        Ok(())
    });
    assert!(
        accepted > 0 && refused > ROUNDS / 2,
        "{accepted} accepted, {refused} refused"
    );
}
