//! Conditions as tables that many rows share.

use crate::PositionalEncoding;

/// The possible conditions of rows, by place.
///
/// A place's condition is the concatenation of one row of each table.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    pub(super) tables: Vec<Table>,
}

/// Rows of one part of the condition, row-major.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f32>,
}

impl Conditions {
    /// No condition; all places are the same.
    pub fn none() -> Self {
        Self { tables: Vec::new() }
    }

    /// The positions of a feature map; place `row · width + column` has the encoding of that position.
    pub fn positions(encoding: &PositionalEncoding, height: usize, width: usize) -> Self {
        let table = |length| Table {
            rows: length,
            columns: encoding.dimension() / 2,
            values: encoding.axis(length),
        };
        Self {
            tables: vec![table(width), table(height)],
        }
    }

    /// Arbitrary conditions; place `i` has row `i` of `values`, a row-major matrix of `columns` columns.
    pub fn rows(values: Vec<f32>, columns: usize) -> Self {
        let rows = values.len() / columns.max(1);
        Self {
            tables: vec![Table {
                rows,
                columns,
                values,
            }],
        }
    }

    /// Number of channels.
    pub fn dimension(&self) -> usize {
        self.tables.iter().map(|table| table.columns).sum()
    }

    /// The number of different places.
    pub fn places(&self) -> usize {
        self.tables.iter().map(|table| table.rows).product()
    }

    /// For each place, the row of each table that its condition consists of; the first table's row varies
    /// fastest.
    pub(super) fn rows_of_all(&self, places: &[u32]) -> Vec<[u32; 2]> {
        let rows_of = |place: &u32| match self.tables.as_slice() {
            [] => [0, 0],
            [first, _, ..] => {
                let rows = first.rows.max(1) as u32;
                [place % rows, place / rows]
            }
            [_] => [*place, 0],
        };
        places.iter().map(rows_of).collect()
    }
}
