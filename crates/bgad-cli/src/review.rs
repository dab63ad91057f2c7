//! `bgad review`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;

use bgad_review::{Detectors, Options, ReviewError, Server};

use crate::arguments::ReviewArguments;
use crate::failure::Failure;
use crate::output;
use crate::progress::{note, warning};

/// The default port. It is fixed, so that you can bookmark the page.
const PORT: u16 = 8733;

/// Serves the page until the program is stopped. Each decision is on disk at once.
pub fn run(arguments: &ReviewArguments) -> Result<(), Failure> {
    let learner = match &arguments.learner {
        Some(program) => program.clone(),
        None => std::env::current_exe().map_err(Failure::file(Path::new("bgad")))?,
    };
    let mut options = Options::new(arguments.model.clone());
    options.folders.clone_from(&arguments.folders);
    options.listen = arguments.listen;
    options.port = arguments.port.unwrap_or(PORT);
    options.names.clone_from(&arguments.name);
    options.upload_bytes = arguments.upload_limit as usize * (1 << 20);
    let detectors = Detectors::new(learner, bgad::DeviceSelection::default().open()?);
    let start = |options: &Options| Server::start(Box::new(detectors.clone()), options);
    let server = match start(&options) {
        Err(ReviewError::Address { .. }) if arguments.port.is_none() => {
            options.port = 0;
            start(&options)?
        }
        other => other?,
    };
    output::line(&server.url())?;
    note(&format!(
        "decisions are stored in {}; Ctrl-C ends this",
        server.store().display()
    ));
    if !arguments.no_open && std::io::stdout().is_terminal() {
        open(&server.url());
    }
    wait();
    Ok(())
}

/// Waits for Ctrl-C or a termination signal.
fn wait() {
    let (sender, receiver) = mpsc::channel();
    let told = ctrlc::set_handler(move || {
        let _ = sender.send(());
    });
    match told {
        Ok(()) => {
            let _ = receiver.recv();
        }
        Err(error) => {
            // The system then ends the program, and nothing is lost.
            warning(&format!("Ctrl-C will end the program at once: {error}"));
            loop {
                std::thread::park();
            }
        }
    }
}

/// Opens the page in the desktop's browser. Without a desktop, you have the printed address.
fn open(url: &str) {
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let _ = Command::new(program)
        .args(before)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
