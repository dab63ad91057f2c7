//! Rows and the training inputs that they come from.

use std::ops::Range;

use super::folds::Folds;

/// Rows, and the training input of each.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnedRows {
    /// `[rows, dimension]`.
    pub values: Vec<f32>,
    /// The training input of each row, in ascending order.
    pub owners: Vec<usize>,
}

impl OwnedRows {
    /// The number of values of a row.
    fn dimension(&self) -> usize {
        self.values.len() / self.owners.len().max(1)
    }

    /// The rows of the training inputs `inputs`.
    pub fn of_inputs(&self, inputs: &Range<usize>) -> Range<usize> {
        let before = |input: usize| self.owners.partition_point(|owner| *owner < input);
        before(inputs.start)..before(inputs.end)
    }

    /// The rows of each fold; all rows together if nothing is held out.
    pub fn of_folds(&self, folds: &Folds) -> Vec<Range<usize>> {
        match folds.count() {
            0 => std::iter::once(0..self.owners.len()).collect(),
            count => {
                let of_fold = |fold| self.of_inputs(&folds.inputs(fold));
                (0..count).map(of_fold).collect()
            }
        }
    }

    /// The `rows` with these numbers, which ascend.
    pub fn picked(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let dimension = self.dimension();
        let mut picked = Self::default();
        for row in rows {
            let values = &self.values[row * dimension..][..dimension];
            picked.values.extend_from_slice(values);
            picked.owners.push(self.owners[row]);
        }
        picked
    }

    /// The values without the rows of the training inputs `left_out`, `[rows, dimension]`.
    pub fn without(&self, left_out: &Range<usize>) -> Vec<f32> {
        let rows = self.of_inputs(left_out);
        let dimension = self.dimension();
        let before = &self.values[..rows.start * dimension];
        [before, &self.values[rows.end * dimension..]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_inputs_are_found_and_left_out() {
        let rows = OwnedRows {
            values: (0..12).map(|value| value as f32).collect(),
            owners: vec![0, 1, 1, 3, 3, 4],
        };
        assert_eq!(rows.of_inputs(&(1..3)), 1..3);
        assert_eq!(rows.without(&(1..4)), [0.0, 1.0, 10.0, 11.0]);
        assert_eq!(rows.without(&(0..0)), rows.values);
        let folds = Folds::of_images(&[1; 5], 2);
        assert_eq!(rows.of_folds(&folds), [0..3, 3..6]);
        let none = Folds::of_images(&[5], 2);
        assert_eq!(rows.of_folds(&none), [0..6; 1]);
        let picked = rows.picked([1, 5]);
        assert_eq!(picked.values, [2.0, 3.0, 10.0, 11.0]);
        assert_eq!(picked.owners, [1, 4]);
    }
}
