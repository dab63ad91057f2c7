//! Learning in a separate program, `bgad learn`: it can be stopped, and a crash of it does not affect the
//! page.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Deserialize;

use crate::engine::{Learned, Lesson, Progress};
use crate::error::{Result, ReviewError};

/// The time between two checks of the program and of the request to stop it.
const INTERVAL: Duration = Duration::from_millis(50);
/// How many bytes of the program's standard error are kept.
const MESSAGE: u64 = 64 << 10;

/// The program, called as `PROGRAM learn --run RUN ... --attached`.
#[derive(Debug, Clone)]
pub(crate) struct LearningProgram {
    path: PathBuf,
}

/// A line of its output.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Result { result: Box<Learned> },
    Progress(Progress),
}

impl LearningProgram {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Runs it to its end.
    pub(crate) fn learn(
        &self,
        run: &Path,
        lesson: &Lesson,
        progress: &mut dyn FnMut(Progress),
        stop: &AtomicBool,
    ) -> Result<Learned> {
        let mut command = self.command(run, lesson);
        let child = command.spawn().map_err(ReviewError::io(&self.path))?;
        let mut child = Running(child);
        let (output, errors) = (child.0.stdout.take(), child.0.stderr.take());
        let mut learned = None;
        let (status, message) = std::thread::scope(|scope| {
            let errors = scope.spawn(move || errors.map(read_message).unwrap_or_default());
            // Reading ends when the program does; the other thread ends it on request.
            let waiting = scope.spawn(|| child.wait(stop));
            for line in output
                .into_iter()
                .flat_map(|output| BufReader::new(output).lines())
            {
                match line.ok().and_then(|line| serde_json::from_str(&line).ok()) {
                    Some(Line::Progress(step)) => progress(step),
                    Some(Line::Result { result }) => learned = Some(*result),
                    None => {}
                }
            }
            let message = errors.join().unwrap_or_default();
            let stopped = || Err(std::io::Error::other("its thread has ended"));
            (waiting.join().unwrap_or_else(|_| stopped()), message)
        });
        let status = status.map_err(ReviewError::io(&self.path))?;
        if stop.load(Ordering::Relaxed) && learned.is_none() {
            return Err(ReviewError::Learning(
                "learning was stopped; the model has not changed".to_owned(),
            ));
        }
        if !status.success() {
            return Err(ReviewError::Learning(failure(&message, &status)));
        }
        learned.ok_or_else(|| {
            let text = format!("{}: it ended without a result", self.path.display());
            ReviewError::Learning(text)
        })
    }

    fn command(&self, run: &Path, lesson: &Lesson) -> Command {
        let mut command = Command::new(&self.path);
        command.arg("learn").arg("--run").arg(run);
        for (image, mask) in &lesson.missed {
            command.arg("--missed").arg(image);
            if let Some(mask) = mask {
                command.arg("--mask").arg(mask);
            }
        }
        for image in &lesson.false_alarms {
            command.arg("--false-alarm").arg(image);
        }
        command.arg("--out").arg(&lesson.out);
        command.args(["--json", "--attached"]);
        // It ends when this pipe does: also if the page is killed, so that no program learns for nobody.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// A program that does not outlive its owner.
struct Running(Child);

impl Running {
    fn wait(&mut self, stop: &AtomicBool) -> std::io::Result<std::process::ExitStatus> {
        loop {
            if stop.load(Ordering::Relaxed) {
                // It may have ended already, which is fine.
                let _ = self.0.kill();
            }
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(INTERVAL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

fn read_message(errors: impl Read) -> String {
    let mut bytes = Vec::new();
    let mut errors = BufReader::new(errors);
    // The rest is read too, or the program would block.
    let _ = errors.by_ref().take(MESSAGE).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut errors, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The last line of the program's message, without its prefix.
fn failure(message: &str, status: &std::process::ExitStatus) -> String {
    let mut lines = message.lines().map(str::trim);
    match lines.rfind(|line| !line.is_empty()) {
        Some(line) => line.strip_prefix("error: ").unwrap_or(line).to_owned(),
        None => format!("learning ended with {status}"),
    }
}
