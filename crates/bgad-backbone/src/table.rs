//! Tensors by name, with checks of shape and values.

use std::collections::BTreeMap;

use crate::architecture::Architecture;
use crate::backbone::NamedTensor;
use crate::error::BackboneError;
use crate::plan::Parameter;

/// Named tensors from one source. Each has as many values as its shape says.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// The file, or a phrase for it, for errors.
    pub source: String,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Table {
    /// Adds tensors. Returns an error if a tensor's values don't fill its shape, or a name occurs twice.
    pub fn new(
        source: String,
        tensors: impl IntoIterator<Item = NamedTensor>,
    ) -> Result<Self, BackboneError> {
        let mut table = BTreeMap::new();
        for NamedTensor {
            name,
            shape,
            values,
        } in tensors
        {
            let expected = count(&shape);
            if expected != Some(values.len()) {
                return Err(BackboneError::ValueCount {
                    file: source,
                    tensor: name,
                    found: values.len(),
                    expected,
                    shape,
                });
            }
            if table.contains_key(&name) {
                return Err(BackboneError::DuplicateTensor {
                    file: source,
                    tensor: name,
                });
            }
            table.insert(name, (shape, values));
        }
        Ok(Self {
            source,
            tensors: table,
        })
    }

    /// All tensors, by name.
    #[cfg(feature = "weights")]
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[usize], &[f32])> {
        self.tensors
            .iter()
            .map(|(name, (shape, values))| (name.as_str(), shape.as_slice(), values.as_slice()))
    }

    /// Whether there is a tensor of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// The values of a tensor that must exist, have this shape and be finite.
    pub fn get(
        &self,
        name: &str,
        expected: &[usize],
        architecture: Architecture,
    ) -> Result<&[f32], BackboneError> {
        let Some((found, values)) = self.tensors.get(name) else {
            return Err(BackboneError::MissingTensor {
                file: self.source.clone(),
                tensor: name.to_owned(),
                expected: expected.to_vec(),
                architecture,
            });
        };
        if found != expected {
            return Err(BackboneError::Shape {
                file: self.source.clone(),
                tensor: name.to_owned(),
                found: found.clone(),
                expected: expected.to_vec(),
                architecture,
            });
        }
        self.check_finite(name, values)?;
        Ok(values)
    }

    /// A copy of a parameter that must exist, have its shape and be finite.
    pub fn copy(
        &self,
        (name, shape): Parameter,
        architecture: Architecture,
    ) -> Result<NamedTensor, BackboneError> {
        let values = self.get(&name, &shape, architecture)?.to_vec();
        Ok(NamedTensor {
            name,
            shape,
            values,
        })
    }

    /// Returns an error for the first value that is infinite or NaN.
    pub fn check_finite(&self, name: &str, values: &[f32]) -> Result<(), BackboneError> {
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(index) => Err(BackboneError::NonFinite {
                file: self.source.clone(),
                tensor: name.to_owned(),
                index,
                found: values[index],
            }),
        }
    }
}

/// Number of elements of a shape; `None` on overflow.
pub(crate) fn count(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1_usize, |count, &extent| count.checked_mul(extent))
}
