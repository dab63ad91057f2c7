//! Everything that training has changed, as named tensors and numbers.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

use crate::error::{Error, Result};
use crate::storage::tensor_file::Stored;

/// The state of all flows and their optimizers.
#[derive(Default)]
pub(crate) struct TrainingState<'a> {
    tensors: BTreeMap<String, Stored<'a>>,
    integers: BTreeMap<String, u64>,
}

impl<'a> TrainingState<'a> {
    pub fn from_parts(
        tensors: BTreeMap<String, Stored<'a>>,
        integers: BTreeMap<String, u64>,
    ) -> Self {
        Self { tensors, integers }
    }

    pub fn into_parts(self) -> (BTreeMap<String, Stored<'a>>, BTreeMap<String, u64>) {
        (self.tensors, self.integers)
    }

    pub fn put_integer(&mut self, name: String, value: u64) {
        self.integers.insert(name, value);
    }

    /// Stores many numbers, without copying them.
    pub fn put_numbers(&mut self, name: String, values: &'a [f32]) {
        let stored = Stored::numbers(&[values.len()], values);
        self.tensors.insert(name, stored);
    }

    /// Stores a copy of a few numbers.
    pub fn put_few(&mut self, name: String, values: &[f32]) {
        let stored = Stored::numbers(&[values.len()], values);
        self.tensors.insert(name, stored.into_owned());
    }

    pub fn put_bytes(&mut self, name: String, bytes: Vec<u8>) {
        self.tensors.insert(name, Stored::raw(bytes));
    }

    /// Stores `parameters` under `prefix` and their names.
    pub fn put_all(&mut self, prefix: &str, parameters: Vec<(String, TensorData)>) -> Result<()> {
        for (name, data) in parameters {
            let name = format!("{prefix}.{name}");
            let stored = Stored::of(&data).map_err(|e| Error::Device(format!("{name}: {e}")))?;
            self.tensors.insert(name, stored.into_owned());
        }
        Ok(())
    }

    pub fn integer(&self, name: &str) -> Result<u64> {
        let value = self.integers.get(name);
        value.copied().ok_or_else(|| missing(name))
    }

    pub fn take_bytes(&mut self, name: &str) -> Result<Vec<u8>> {
        let stored = self.tensors.remove(name);
        Ok(stored.ok_or_else(|| missing(name))?.bytes.into_owned())
    }

    pub fn take_numbers(&mut self, name: &str) -> Result<Vec<f32>> {
        let stored = self.tensors.remove(name);
        let values = stored.and_then(|stored| stored.values());
        values.ok_or_else(|| missing(name))
    }

    /// Removes and returns all tensors under `prefix`, by the rest of their names.
    pub fn take_all(&mut self, prefix: &str) -> Result<BTreeMap<String, TensorData>> {
        let start = format!("{prefix}.");
        let names = self.tensors.keys().filter(|name| name.starts_with(&start));
        let names: Vec<String> = names.cloned().collect();
        let mut all = BTreeMap::new();
        for name in names {
            if let Some(stored) = self.tensors.remove(&name) {
                let values = stored.values().ok_or_else(|| missing(&name))?;
                let data = TensorData::new(values, stored.shape);
                all.insert(name[start.len()..].to_owned(), data);
            }
        }
        Ok(all)
    }
}

fn missing(name: &str) -> Error {
    Error::state(name, "missing", "one of a run's tensors and numbers")
}
