//! Reads the reference vectors of this folder, or of the one that `BGAD_GOLDENS` names.
//!
//! The tests of all crates share it through `#[path]`; it contains nothing specific to a file.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::collections::HashMap;
use std::path::PathBuf;

use safetensors::SafeTensors;

/// One file of reference vectors.
pub struct Golden {
    bytes: Vec<u8>,
    path: PathBuf,
}

impl Golden {
    /// Opens `NAME.safetensors`.
    pub fn open(name: &str) -> Self {
        let folder = match std::env::var_os("BGAD_GOLDENS") {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/goldens")),
        };
        let path = folder.join(format!("{name}.safetensors"));
        let bytes =
            std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { bytes, path }
    }

    /// The path of the file.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    fn bytes_of(&self, name: &str, size: usize) -> Vec<u8> {
        let tensors = self.tensors();
        let view = tensors
            .tensor(name)
            .unwrap_or_else(|error| panic!("{}: {name}: {error}", self.path.display()));
        assert_eq!(
            view.data().len(),
            view.shape().iter().product::<usize>() * size,
            "{name}: another element size than the test expects"
        );
        view.data().to_vec()
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .tensors()
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.tensors()
            .tensor(name)
            .expect("tensor is in the file")
            .shape()
            .to_vec()
    }

    pub fn f32(&self, name: &str) -> Vec<f32> {
        self.bytes_of(name, 4)
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect()
    }

    pub fn f64(&self, name: &str) -> Vec<f64> {
        self.bytes_of(name, 8)
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
            .collect()
    }

    pub fn i64(&self, name: &str) -> Vec<i64> {
        self.bytes_of(name, 8)
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes(b.try_into().unwrap()))
            .collect()
    }

    pub fn i32(&self, name: &str) -> Vec<i32> {
        self.bytes_of(name, 4)
            .chunks_exact(4)
            .map(|b| i32::from_le_bytes(b.try_into().unwrap()))
            .collect()
    }

    pub fn u8(&self, name: &str) -> Vec<u8> {
        self.bytes_of(name, 1)
    }

    /// The file's own key-value metadata.
    pub fn metadata(&self) -> HashMap<String, String> {
        let (_, metadata) = SafeTensors::read_metadata(&self.bytes).expect("a readable header");
        metadata.metadata().clone().unwrap_or_default()
    }
}

/// Panics if two slices differ by more than `absolute + relative * |expected|`.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], relative: f32, absolute: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: lengths");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let allowed = absolute + relative * e.abs();
        assert!(
            (f - e).abs() <= allowed,
            "{what}[{i}]: found {f}, expected {e}, allowed difference {allowed}"
        );
    }
}
