//! TensorBoard event files with scalars only.
//!
//! A file is a sequence of TFRecords (length, checksum of the length, data, checksum of the data). Each
//! record is an `Event` in protobuf's wire format. Of `Event` we write fields 1 `wall_time` (double), 2
//! `step` (varint), 3 `file_version` (string) and 5 `summary`; of `Summary` the repeated field 1 `value`; of
//! a value, 1 `tag` (string) and 2 `simple_value` (float).

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::crc32c::masked;
use crate::failure::Failure;

const PREFIX: &str = "events.out.tfevents.";
const SUFFIX: &str = ".bgad";

/// An event file under construction.
pub struct EventFile {
    path: PathBuf,
    file: File,
}

/// Removes the event files of an earlier run from `folder`; TensorBoard would draw both runs as one.
pub fn remove_earlier(folder: &Path) -> Result<(), Failure> {
    for entry in std::fs::read_dir(folder).map_err(Failure::file(folder))? {
        let path = entry.map_err(Failure::file(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            bgad_files::remove(&path).map_err(Failure::file(&path))?;
        }
    }
    Ok(())
}

impl EventFile {
    /// Creates a file in `folder`, named after the time.
    pub fn create(folder: &Path) -> Result<Self, Failure> {
        let now = now();
        let path = folder.join(format!("{PREFIX}{:010}{SUFFIX}", now as u64));
        let file = File::create(&path).map_err(Failure::file(&path))?;
        let mut events = Self { path, file };
        let mut first = Vec::new();
        double(&mut first, 1, now);
        bytes(&mut first, 3, b"brain.Event:2");
        events.record(&first)?;
        Ok(events)
    }

    /// Adds the values of one step.
    pub fn scalars(&mut self, step: usize, scalars: &[(&str, f64)]) -> Result<(), Failure> {
        let mut summary = Vec::new();
        for (tag, value) in scalars {
            let mut entry = Vec::new();
            bytes(&mut entry, 1, tag.as_bytes());
            key(&mut entry, 2, 5);
            entry.extend((*value as f32).to_le_bytes());
            bytes(&mut summary, 1, &entry);
        }
        let mut event = Vec::new();
        double(&mut event, 1, now());
        key(&mut event, 2, 0);
        varint(&mut event, step as u64);
        bytes(&mut event, 5, &summary);
        self.record(&event)
    }

    fn record(&mut self, data: &[u8]) -> Result<(), Failure> {
        let length = (data.len() as u64).to_le_bytes();
        let mut record = length.to_vec();
        record.extend(masked(&length).to_le_bytes());
        record.extend(data);
        record.extend(masked(data).to_le_bytes());
        let written = self.file.write_all(&record);
        written
            .and_then(|()| self.file.flush())
            .map_err(Failure::file(&self.path))
    }
}

fn now() -> f64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0.0, |time| time.as_secs_f64())
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A field's number and wire type: 0 varint, 1 eight bytes, 2 length-prefixed, 5 four bytes.
fn key(to: &mut Vec<u8>, field: u64, wire_type: u64) {
    varint(to, field << 3 | wire_type);
}

fn double(to: &mut Vec<u8>, field: u64, value: f64) {
    key(to, field, 1);
    to.extend(value.to_le_bytes());
}

fn bytes(to: &mut Vec<u8>, field: u64, value: &[u8]) {
    key(to, field, 2);
    varint(to, value.len() as u64);
    to.extend(value);
}
