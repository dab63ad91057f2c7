//! Distances of an image's positions to the nearest normal ones.

use std::collections::BTreeMap;
use std::ops::Range;
#[cfg(feature = "train")]
use std::path::Path;

use bgad_flow::Parameter;

#[cfg(feature = "train")]
use super::bank_rows::Named;
use super::covariance::Moments;
use super::kept_tensors::KeptTensors;
use super::likelihoods::PositionMap;
use super::mirrored;
#[cfg(feature = "train")]
use super::owned_rows::OwnedRows;
use super::standardized_rows::StandardizedRows;
use crate::error::Result;
use crate::features::flow_inputs::BankInputs;
use crate::features::neighborhoods::Neighborhoods;

/// Standardised features of positions of normal training images.
///
/// A flow measures how likely a feature is; the nearest normal feature shows whether anything like it was
/// seen (Roth and others, *Towards Total Recall in Industrial Anomaly Detection*, 2022). The latter works
/// better if a part looks different in each place, or a texture has several appearances.
#[derive(Debug, Clone)]
pub(crate) struct MemoryBank {
    inputs: BankInputs,
    rows: StandardizedRows,
    /// Positions that are as common as in the images, while rare ones are frequent among the rows; empty in a model read
    /// from a file.
    #[cfg(feature = "train")]
    sample: OwnedRows,
}

impl MemoryBank {
    /// A bank of these rows, standardised by these moments, with a `sample` of all positions.
    #[cfg(feature = "train")]
    pub fn new(inputs: BankInputs, moments: Moments, rows: OwnedRows, sample: OwnedRows) -> Self {
        Self {
            rows: StandardizedRows::of(moments, &rows.values, rows.owners),
            inputs,
            sample,
        }
    }

    /// Rounds its rows to bytes, where products of bytes take them.
    #[cfg(feature = "train")]
    pub fn round_to_bytes(&mut self) {
        self.rows.round_to_bytes();
    }

    /// The levels that its vectors are made from.
    pub fn inputs(&self) -> &BankInputs {
        &self.inputs
    }

    /// The moments that standardised its rows.
    pub fn moments(&self) -> &Moments {
        &self.rows.moments
    }

    /// A sample of all positions, standardised, `[positions, dimension]`, without those of the training inputs
    /// `left_out`.
    #[cfg(feature = "train")]
    pub fn sample_without(&self, left_out: &Range<usize>) -> Vec<f32> {
        self.sample.without(left_out)
    }

    /// From now on, keeps distances in `folder`; `None` stops this.
    #[cfg(feature = "train")]
    pub fn remember_in(&mut self, folder: Option<&Path>) {
        self.rows.remember_in(folder);
    }

    /// The distances of an input's positions to the nearest row, ignoring rows of the training inputs
    /// `left_out`; `None` if no row remains. With a mirrored image it is the mean of both.
    pub fn distances(
        &self,
        neighborhoods: &Neighborhoods,
        left_out: &Range<usize>,
    ) -> Option<PositionMap> {
        let left_out = self.rows.of_inputs(left_out)?;
        let of = |vectors: &[f32], _: bool| self.rows.known(vectors, left_out.clone());
        Some(mirrored::map(neighborhoods, self.inputs.side, of))
    }

    /// The distances of `vectors`, `[vectors, dimension]`, in the same way.
    #[cfg(feature = "train")]
    pub fn nearest(&self, vectors: &[f32], left_out: &Range<usize>) -> Option<Vec<f32>> {
        let left_out = self.rows.of_inputs(left_out)?;
        Some(self.rows.nearest(vectors, left_out))
    }

    /// Mean, deviation and rows under their names in a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<Named> {
        self.rows.parameters()
    }

    /// Restores the bank from a model file.
    pub fn restore(
        parameters: &mut BTreeMap<String, Parameter>,
        inputs: BankInputs,
    ) -> Result<Self> {
        let mut kept = KeptTensors::of_positions("memory_bank", parameters, inputs.dimension());
        Ok(Self {
            rows: StandardizedRows::restore(&mut kept)?,
            inputs,
            #[cfg(feature = "train")]
            sample: OwnedRows::default(),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    #[cfg(feature = "train")]
    use crate::model::bank_rows::{POSITIONS, SCALES};

    /// A bank of all `rows`, `[positions, dimension]`, each from one of the training inputs `owners`.
    #[cfg(feature = "train")]
    fn of_rows(inputs: BankInputs, rows: &[f32], owners: Vec<usize>) -> MemoryBank {
        let moments = Moments::of(rows, inputs.dimension()).rounded();
        let values = moments.standardize(rows);
        let rows = OwnedRows { values, owners };
        MemoryBank::new(inputs, moments, rows.clone(), rows)
    }

    /// A bank of inputs with one position of two values, also for tests of other files.
    pub(crate) fn of_one_position(rows: &[f32], owners: Vec<usize>) -> MemoryBank {
        let inputs = BankInputs::of_one_level(1, 2);
        of_rows(inputs, rows, owners)
    }

    #[test]
    fn the_nearest_position_counts_unless_its_image_is_left_out() {
        // Means 1 and 2, variances 4/3 and 16/3.
        let bank = of_one_position(&[0.0, 0.0, 2.0, 0.0, 0.0, 4.0, 2.0, 4.0], vec![0, 1, 1, 2]);
        let nearest = |x: [f32; 2], left_out| bank.rows.nearest(&x, left_out)[0];
        assert!((nearest([2.0, 2.0], 0..0) - 0.375f32.sqrt()).abs() < 1e-6);
        assert_eq!(nearest([0.0, 0.0], 0..0), 0.0);
        // Rows 1 to 3 remain: the nearest of them differs by 2 in one value.
        assert!((nearest([0.0, 0.0], 0..1) - 1.5f32.sqrt()).abs() < 1e-6);
        assert!((nearest([0.0, 0.0], 0..3) - 3f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_model_file_has_all_of_it() -> Result<()> {
        let rows: Vec<f32> = (0..74).map(|v| (v * v % 23) as f32).collect();
        let bank = of_one_position(&rows, (0..37).collect());
        let parameters = bank.parameters().into_iter();
        let parameters =
            parameters.map(|(name, shape, values)| (name.to_owned(), Parameter { shape, values }));
        let read = MemoryBank::restore(&mut parameters.collect(), bank.inputs.clone())?;
        let query = [3.0, 4.5, -7.0, 30.0];
        assert_eq!(
            read.rows.nearest(&query, 0..0),
            bank.rows.nearest(&query, 0..0)
        );
        Ok(())
    }

    /// 300 rows of 20 values each that repeat nowhere, of 30 inputs.
    #[cfg(feature = "train")]
    fn many() -> (MemoryBank, Vec<f32>) {
        let value = |i: usize| ((i * 7919 % 10_007) as f32 / 5003.5 - 1.0) * (1 + i % 3) as f32;
        let rows: Vec<f32> = (0..6000).map(value).collect();
        let inputs = BankInputs::of_one_level(1, 20);
        let bank = of_rows(inputs, &rows, (0..300).map(|row| row / 10).collect());
        (
            bank,
            (0..100 * 20).map(|i| value(i * 3 + 1) * 1.5).collect(),
        )
    }

    #[cfg(feature = "train")]
    #[test]
    fn distances_in_bytes_are_close_and_a_model_file_has_all_of_them() -> Result<()> {
        let (single, queries) = many();
        let mut bytes = single.clone();
        bytes.round_to_bytes();
        for left_out in [0..0, 0..40, 130..300] {
            let exact = single.rows.nearest(&queries, left_out.clone());
            let found = bytes.rows.nearest(&queries, left_out);
            for (exact, found) in exact.iter().zip(&found) {
                assert!((exact - found).abs() < 0.02 * exact, "{found} for {exact}");
            }
        }
        let parameters = || -> BTreeMap<String, Parameter> {
            let parameters = bytes.parameters().into_iter();
            let named = parameters.map(|(name, shape, values)| {
                let parameter = Parameter { shape, values };
                (name.to_owned(), parameter)
            });
            named.collect()
        };
        let read = MemoryBank::restore(&mut parameters(), bytes.inputs.clone())?;
        assert_eq!(
            read.rows.nearest(&queries, 0..0),
            bytes.rows.nearest(&queries, 0..0)
        );
        // The rows are the same, rounded.
        let [rounded, exact] = [&bytes, &single].map(|bank| bank.rows.rows.columns());
        assert_eq!(rounded.len(), 300 * 20);
        for (rounded, exact) in rounded.iter().zip(&exact) {
            assert!((rounded - exact).abs() < 0.03, "{rounded} for {exact}");
        }
        // What no model has.
        for (name, value) in [(POSITIONS, 0.5), (POSITIONS, 128.0), (SCALES, 0.0)] {
            let mut others = parameters();
            for (_, parameter) in others.iter_mut().filter(|(other, _)| *other == name) {
                parameter.values[7] = value;
            }
            let error = MemoryBank::restore(&mut others, bytes.inputs.clone()).err();
            let text = error.map_or(String::new(), |error| error.to_string());
            assert!(text.contains("memory_bank"), "{name}, {value}: {text}");
        }
        Ok(())
    }
}
