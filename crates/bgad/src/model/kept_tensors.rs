//! Tensors of normal features that a model file keeps.

use std::collections::BTreeMap;

use bgad_flow::Parameter;

use crate::error::{Error, Result};

/// What a model file has under one name, such as `neighbors`.
pub(crate) struct KeptTensors<'a> {
    pub name: &'static str,
    pub parameters: &'a mut BTreeMap<String, Parameter>,
    /// What a vector has of values, and what it is of: `an image`.
    pub dimension: usize,
    pub of: &'static str,
}

impl KeptTensors<'_> {
    /// The values of one tensor.
    ///
    /// # Errors
    /// Where it is missing, its shape is none that `fits`, or a value is not `sound` or no finite number.
    pub fn take(
        &mut self,
        name: &str,
        fits: impl Fn(&[usize]) -> bool,
        sound: impl Fn(f32) -> bool,
    ) -> Result<Vec<f32>> {
        let parameter = self.parameters.remove(name);
        let shape = parameter.as_ref().map(|parameter| parameter.shape.clone());
        let fits = shape.as_deref().is_some_and(fits);
        let sound = |value: &f32| value.is_finite() && sound(*value);
        let values = parameter.map(|parameter| parameter.values);
        let values = values.filter(|values| fits && values.iter().all(sound));
        values.ok_or_else(|| {
            let found = format!("of the shape {shape:?}");
            let expected = format!("finite numbers, {} {}", self.dimension, self.of);
            Error::state(format!("{}.{name}", self.name), found, expected)
        })
    }

    /// One value a channel, in `f64`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn channels(&mut self, name: &str, sound: impl Fn(f32) -> bool) -> Result<Vec<f64>> {
        let dimension = self.dimension;
        let values = self.take(name, |shape| shape == [dimension], sound)?;
        Ok(values.into_iter().map(f64::from).collect())
    }
}
