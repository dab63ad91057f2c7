//! Tensors of normal features in a model file.

use std::collections::BTreeMap;

use bgad_flow::Parameter;

use crate::error::{Error, Result};

/// The tensors that a model file has under one prefix, such as `neighbors`.
pub(crate) struct KeptTensors<'a> {
    pub name: &'static str,
    pub parameters: &'a mut BTreeMap<String, Parameter>,
    /// The number of values per vector, and the thing that a vector describes, such as `an image`.
    pub dimension: usize,
    pub of: &'static str,
}

impl<'a> KeptTensors<'a> {
    /// Tensors of vectors that each describe a position.
    pub fn of_positions(
        name: &'static str,
        parameters: &'a mut BTreeMap<String, Parameter>,
        dimension: usize,
    ) -> Self {
        Self {
            name,
            parameters,
            dimension,
            of: "a position",
        }
    }

    /// Takes the values of one tensor.
    ///
    /// # Errors
    /// If it is missing, its shape does not `fit`, or a value is not finite or not `sound`.
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
            let found = format!("of shape {shape:?}");
            let expected = format!("finite numbers, {} for {}", self.dimension, self.of);
            Error::state(format!("{}.{name}", self.name), found, expected)
        })
    }

    /// Takes one value per channel, as `f64`.
    ///
    /// # Errors
    /// Those of [`take`](Self::take).
    pub fn channels(&mut self, name: &str, sound: impl Fn(f32) -> bool) -> Result<Vec<f64>> {
        let dimension = self.dimension;
        let values = self.take(name, |shape| shape == [dimension], sound)?;
        Ok(values.into_iter().map(f64::from).collect())
    }
}
