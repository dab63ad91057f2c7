//! Runs a document's blocks with `sh`; scripts replace programs.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::markdown::Document;
use crate::root;

/// The `bgad` of the documents. `--help` at the end reads all arguments before it and runs nothing.
const BGAD: &str = r#"#!/bin/sh
echo "bgad $*" >>"$LOG"
has() { case " $line " in *" $1 "*) true ;; *) false ;; esac; }
line="$*"
# Weights of real networks, models that have them, real data sets and checkpoints are not part of the repository.
for word in --weights reproduce import weights quantize; do has $word && exec "$BGAD" "$@" --help; done
case "$line" in *" tf_efficientnet"*) exec "$BGAD" "$@" --help ;; esac
# Its page is there until it is stopped; tests/review does so.
[ "$1" = review ] && exec "$BGAD" "$@" --help
# It watches until it is stopped; tests/prediction.rs does so.
has --watch && exec "$BGAD" "$@" --help
# It wants a run that was interrupted; tests/resume.rs interrupts some.
has --resume && exec "$BGAD" "$@" --help
# There may be no such device here.
for word in --device --devices; do has $word && exec "$BGAD" "$@" --help; done
if [ "$1" = train ]; then
  while read -r option value; do
    key="$option "
    [ "$option" = --set ] && key="${value%%=*}="
    case " $line " in *" $key"*) ;; *) set -- "$@" $option $value ;; esac
  done <<SHORT
--meta-epochs 1
--sub-epochs 1
--image-size 64
--set schedule.image_steps=1
--set pooled.folds=0
--set schedule.evaluate=last
SHORT
fi
exec "$BGAD" "$@"
"#;

/// Programs that are run as they are.
const RUN: [&str; 7] = ["find", "for", "do", "done", "mkdir", "echo", "cat"];

/// Runs all blocks in `folder`; returns the number of `bgad` commands that ran.
pub fn run(document: &Document, folder: &Path) -> usize {
    let shims = folder.join(".programs");
    let log = folder.join(".log");
    std::fs::create_dir_all(&shims).unwrap();
    for program in programs(document).into_iter().chain(["cargo".to_owned()]) {
        write_script(&shims.join(program), "#!/bin/sh\n");
    }
    for script in scripts(document) {
        let (ours, here) = (root().join(&script), folder.join(&script));
        assert!(ours.is_file(), "{}: there is no {script}", document.name);
        std::fs::create_dir_all(here.parent().unwrap()).unwrap();
        write_script(&here, "#!/bin/sh\n");
    }
    write_script(&shims.join("bgad"), BGAD);
    let release = folder.join("target/release");
    std::fs::create_dir_all(&release).unwrap();
    write_script(&release.join("bgad"), BGAD);
    std::fs::write(&log, "").unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    for block in &document.blocks {
        let output = Command::new("sh")
            .args(["-e", "-c", block])
            .current_dir(folder)
            .env("PATH", format!("{}:{path}", shims.display()))
            .env("BGAD", env!("CARGO_BIN_EXE_bgad"))
            .env("LOG", &log)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && !errors.contains("For more information, try"),
            "{}: {}\n{block}\n{errors}",
            document.name,
            output.status
        );
    }
    let commands = std::fs::read_to_string(&log).unwrap().lines().count();
    let written = document.commands();
    let written = written.filter(|line| line.starts_with("bgad ")).count();
    assert!(
        commands >= written,
        "{}: {commands} of {written}",
        document.name
    );
    commands
}

/// The other programs that a document's commands start.
fn programs(document: &Document) -> BTreeSet<String> {
    let words = document.commands().filter_map(|line| {
        let word = first_word(&line)?.to_owned();
        // A path belongs to our repository or to the reader.
        let is_program = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (is_program && word != "bgad" && !RUN.contains(&word.as_str())).then_some(word)
    });
    words.collect()
}

/// The repository's scripts that a document's commands start; they must exist but are not run.
fn scripts(document: &Document) -> BTreeSet<String> {
    let words = document.commands().filter_map(|line| {
        let word = first_word(&line)?.to_owned();
        let is_script = word.ends_with(".sh") && !word.starts_with('/');
        is_script.then_some(word)
    });
    words.collect()
}

/// The program that a command starts, after the variables that it sets.
fn first_word(line: &str) -> Option<&str> {
    line.split_whitespace().find(|word| !word.contains('='))
}

fn write_script(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
