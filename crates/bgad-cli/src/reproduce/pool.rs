//! One process per device: `bgad reproduce --devices`.

use std::collections::VecDeque;
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, PoisonError};

use bgad::DeviceSelection;

use super::ReproduceArguments;
use super::locate::Category;
use crate::failure::Failure;
use crate::progress::{note, warning};

/// Runs each category in its own process, on the next free one of `devices`. The processes share the results
/// file, so no run is repeated.
pub fn run(
    arguments: &ReproduceArguments,
    devices: &[DeviceSelection],
    found: &[Category],
) -> Result<(), Failure> {
    // A missing device should not cost the others' time.
    for device in devices {
        device.open()?;
    }
    let waiting: VecDeque<&Category> = found.iter().collect();
    let waiting = Mutex::new(waiting);
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    };
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for device in devices {
            let (next, failed) = (&next, &failed);
            scope.spawn(move || {
                while let Some(category) = next() {
                    note(&format!("{}: begun on {device}", category.name));
                    let why = match one(arguments, *device, category) {
                        Ok(status) if status.success() => continue,
                        Ok(status) => status.to_string(),
                        Err(error) => error.to_string(),
                    };
                    warning(&format!("{}, on {device}: {why}", category.name));
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.push(category.name.clone());
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Failure::Missing(format!(
            "{} of {} categories failed: {}; run the same command again for the rest",
            failed.len(),
            found.len(),
            failed.join(", ")
        ))),
    }
}

/// Runs this same command for one category on one device.
fn one(
    arguments: &ReproduceArguments,
    device: DeviceSelection,
    category: &Category,
) -> std::io::Result<ExitStatus> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["reproduce", &arguments.experiment.to_string()])
        .args(["--categories", &category.name])
        .args(["--seeds", &arguments.seeds.to_string()])
        .args(["--device", &device.to_string()])
        .args(["--quiet", "--runs-only"])
        .arg("--data")
        .arg(&arguments.data)
        .arg("--out")
        .arg(&arguments.out);
    for (name, value) in &arguments.settings.given {
        command.args(["--set", &format!("{name}={value}")]);
    }
    if let Some(file) = &arguments.config {
        command.arg("--config").arg(file);
    }
    command.status()
}
