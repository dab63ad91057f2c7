//! Products of matrices with any strides.

use crate::{Finish, Matrix, MatrixMut, Panels, Start, multiply_panels};

/// `c = a · b`. It lays out `b` first; if you use `b` again, lay it out once and call [`multiply_panels`].
///
/// # Panics
/// If the shapes don't fit.
pub fn multiply(a: Matrix<'_>, b: Matrix<'_>, c: MatrixMut<'_>) {
    product(a, b, c, false);
}

/// `c = c + a · b`.
///
/// # Panics
/// If the shapes don't fit.
pub fn multiply_add(a: Matrix<'_>, b: Matrix<'_>, c: MatrixMut<'_>) {
    product(a, b, c, true);
}

fn product(a: Matrix<'_>, b: Matrix<'_>, c: MatrixMut<'_>, add: bool) {
    assert!(
        a.columns() == b.rows() && a.rows() == c.rows() && b.columns() == c.columns(),
        "{}x{} times {}x{} into {}x{}",
        a.rows(),
        a.columns(),
        b.rows(),
        b.columns(),
        c.rows(),
        c.columns()
    );
    let rows;
    let a = match a.column_stride() == 1 {
        true => a,
        false => {
            rows = a.to_row_major();
            Matrix::new(&rows, a.rows(), a.columns())
        }
    };
    let start = if add { Start::Kept } else { Start::Zero };
    multiply_panels(a, &Panels::new(b), start, Finish::Nothing, c);
}
