//! Standard output, and the memory that a run uses.

use std::io::Write;

use serde_json::Value;

use crate::failure::Failure;

/// Writes one line; if the reader went away, that is an error and not a panic.
pub fn line(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{text}").map_err(Failure::Output)
}

/// Writes finished lines.
pub fn bytes(lines: &[u8]) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    output.write_all(lines).map_err(Failure::Output)
}

/// Writes one JSON value on one line.
pub fn json(value: &Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// A metric for people: three decimals, or a dash if undefined.
pub fn metric(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// A threshold for programs; none if the model has none.
pub fn chosen(value: f32) -> Option<f32> {
    (value < f32::MAX).then_some(value)
}

/// A threshold for people; the largest number means that the model has none.
pub fn threshold(value: f32) -> String {
    match value == f32::MAX {
        true => "none".to_owned(),
        false => value.to_string(),
    }
}

/// The most memory that this process has held, in bytes, if the system reports it (Linux).
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// By how much turned copies are turned, in words.
pub fn degrees(rotations: bgad::Rotations) -> &'static str {
    match rotations {
        bgad::Rotations::Half => "180 degrees",
        _ => "90, 180 and 270 degrees",
    }
}
