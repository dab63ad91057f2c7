//! Standardised feature vectors of normal training inputs, and the distance to the nearest of them.

use std::ops::Range;
#[cfg(feature = "train")]
use std::path::Path;

use super::bank_rows::BankRows;
#[cfg(feature = "train")]
use super::bank_rows::Named;
use super::covariance::Moments;
#[cfg(feature = "train")]
use super::distance_memo::DistanceMemo;
use super::kept_tensors::KeptTensors;
use crate::error::Result;

/// Standardised rows, their moments, and the training input of each row.
#[derive(Debug, Clone)]
pub(super) struct StandardizedRows {
    pub moments: Moments,
    pub rows: BankRows,
    /// The training input of each row, in ascending order; empty in a model read from a file.
    owners: Vec<usize>,
    /// Stores distances while a model is trained.
    #[cfg(feature = "train")]
    memo: Option<DistanceMemo>,
}

impl StandardizedRows {
    /// Standardises `rows`, `[rows, dimension]`, by their own moments, each from one of the training inputs `owners`, in ascending order.
    #[cfg(feature = "train")]
    pub fn new(rows: &[f32], dimension: usize, owners: Vec<usize>) -> Self {
        let moments = Moments::of(rows, dimension).rounded();
        let rows = moments.standardize(rows);
        Self::of(moments, &rows, owners)
    }

    /// `rows`, `[rows, dimension]`, that are standardised by these moments.
    #[cfg(feature = "train")]
    pub fn of(moments: Moments, rows: &[f32], owners: Vec<usize>) -> Self {
        Self {
            rows: BankRows::new(rows, moments.mean.len()),
            moments,
            owners,
            memo: None,
        }
    }

    /// Rounds its rows to bytes, where products of bytes take them.
    #[cfg(feature = "train")]
    pub fn round_to_bytes(&mut self) {
        if let Some(rows) = self.rows.in_bytes() {
            self.rows = rows;
        }
    }

    /// From now on, keeps distances in `folder`; `None` stops this.
    #[cfg(feature = "train")]
    pub fn remember_in(&mut self, folder: Option<&Path>) {
        let parameters = self.parameters();
        let values = parameters.iter().map(|(_, _, values)| values.as_slice());
        self.memo = folder.map(|folder| DistanceMemo::new(folder, values));
    }

    /// The rows of the training inputs `inputs`; `None` if no others remain.
    pub fn of_inputs(&self, inputs: &Range<usize>) -> Option<Range<usize>> {
        let begin = self.owners.partition_point(|owner| *owner < inputs.start);
        let end = self.owners.partition_point(|owner| *owner < inputs.end);
        (begin > 0 || end < self.rows.count()).then_some(begin..end)
    }

    /// Like [`nearest`](Self::nearest), but reads distances from the folder if they are there.
    pub fn known(&self, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        #[cfg(feature = "train")]
        if let Some(memo) = &self.memo {
            return memo.recall(vectors, &left_out, || {
                self.nearest(vectors, left_out.clone())
            });
        }
        self.nearest(vectors, left_out)
    }

    /// For each of `vectors`, `[vectors, dimension]`, the distance to the nearest row, ignoring the rows `left_out`.
    pub fn nearest(&self, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        self.rows
            .nearest(&self.moments.standardize(vectors), left_out)
    }

    /// Mean, deviation and rows under their names in a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<Named> {
        let dimension = self.moments.mean.len();
        let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let mut parameters = vec![
            (MEAN, vec![dimension], narrow(&self.moments.mean)),
            (DEVIATION, vec![dimension], narrow(&self.moments.deviation)),
        ];
        parameters.extend(self.rows.parameters());
        parameters
    }

    /// Restores the rows from a model file.
    pub fn restore(kept: &mut KeptTensors<'_>) -> Result<Self> {
        let moments = Moments {
            mean: kept.channels(MEAN, |_| true)?,
            deviation: kept.channels(DEVIATION, |deviation| deviation > 0.0)?,
        };
        Ok(Self {
            rows: BankRows::restore(kept)?,
            moments,
            owners: Vec::new(),
            #[cfg(feature = "train")]
            memo: None,
        })
    }
}

/// Names in a model file.
const MEAN: &str = "mean";
const DEVIATION: &str = "deviation";
