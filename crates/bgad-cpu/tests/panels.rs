//! Compares products with laid-out matrices with their definition in double precision.

use bgad_cpu::{
    Finish, Matrix, MatrixMut, Panels, RowScaling, Rows, Start, add_outer_products, multiply_panels,
};

/// Values between -1 and 1 that repeat nowhere near each other.
fn values(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (((i * 7919 + salt * 104_729) % 10_007) as f32 / 5003.5) - 1.0)
        .collect()
}

fn assert_close(found: f32, expected: f64, what: impl std::fmt::Display) {
    assert!(
        (f64::from(found) - expected).abs() <= 1e-5 * expected.abs().max(1.0),
        "{what}: {found} instead of {expected}"
    );
}

/// Rows, inner dimension, columns: whole registers, parts of them, one, none.
const SHAPES: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (8, 5, 48),
    (13, 20, 296),
    (25, 33, 40),
    (12, 7, 16),
    (31, 9, 64),
    (5, 3, 130),
    (4, 0, 20),
    (0, 3, 20),
];

#[test]
fn products_with_panels_agree_with_the_definition() {
    for (m, k, n) in SHAPES {
        // Rows further apart than they are long, on both sides.
        let (a_stride, c_stride) = (k + 3, n + 5);
        let (a, b) = (values(m * a_stride, 1), values(k * n, 2));
        let (row, tables) = (values(n, 3), values(7 * n, 4));
        let mask = values(m * c_stride, 5);
        let places: Vec<[u32; 2]> = (0..m as u32).map(|i| [i % 3, (i * 5) % 7]).collect();
        let before = values(m * c_stride, 6);
        let panels = Panels::new(Matrix::new(&b, k, n));
        assert_eq!((panels.rows(), panels.columns()), (k, n));
        assert_eq!(panels.to_row_major(), b);
        let starts = [
            Start::Zero,
            Start::Kept,
            Start::Row(&row),
            Start::Gathered {
                first: &tables[..3 * n],
                second: &tables,
                rows: &places,
            },
        ];
        for (which, start) in starts.into_iter().enumerate() {
            for finish in [Finish::Nothing, Finish::Relu, Finish::WherePositive(&mask)] {
                let mut c = before.clone();
                multiply_panels(
                    Matrix::strided(&a, m, k, a_stride),
                    &panels,
                    start,
                    finish,
                    MatrixMut::strided(&mut c, m, n, c_stride),
                );
                for (i, found) in c.iter().enumerate() {
                    let (r, column) = (i / c_stride, i % c_stride);
                    if column >= n {
                        assert_eq!(*found, before[i], "a value between rows changed");
                        continue;
                    }
                    let begin = match which {
                        0 => 0.0,
                        1 => f64::from(before[i]),
                        2 => f64::from(row[column]),
                        _ => {
                            let [x, y] = places[r].map(|p| p as usize * n + column);
                            f64::from(tables[x]) + f64::from(tables[y])
                        }
                    };
                    let product: f64 = (0..k)
                        .map(|p| f64::from(a[r * a_stride + p]) * f64::from(b[p * n + column]))
                        .sum();
                    let expected = match finish {
                        Finish::Nothing => begin + product,
                        Finish::Relu => (begin + product).max(0.0),
                        Finish::WherePositive(_) if mask[i] > 0.0 => begin + product,
                        Finish::WherePositive(_) => 0.0,
                    };
                    assert_close(*found, expected, format_args!("{m}x{k}x{n}, {start:?}"));
                }
            }
        }
    }
}

#[test]
fn transposed_matrices_are_laid_out_alike() {
    let b = values(35, 7);
    let turned: Vec<f32> = (0..35).map(|i| b[(i % 5) * 7 + i / 5]).collect();
    let a = values(3 * 5, 8);
    let product = |panels: &Panels| {
        let mut c = vec![0.0; 3 * 7];
        let (a, c_view) = (Matrix::new(&a, 3, 5), MatrixMut::new(&mut c, 3, 7));
        multiply_panels(a, panels, Start::Zero, Finish::Nothing, c_view);
        c
    };
    let mut panels = Panels::new(Matrix::new(&b, 5, 7));
    let expected = product(&panels);
    panels.set(Matrix::new(&turned, 7, 5).transposed());
    assert_eq!(product(&panels), expected);
    // Another shape in the same memory.
    panels.set(Matrix::new(&b[..6], 2, 3));
    assert_eq!((panels.rows(), panels.columns()), (2, 3));
    assert_eq!(panels.to_row_major(), b[..6]);
}

#[test]
fn strips_of_columns_are_one_matrix() {
    let (rows, strips, width, columns) = (19, 3, 16, 50);
    // Space between strips.
    let stride = rows * width + 7;
    let a = values(strips * stride, 11);
    let b = values(strips * width * columns, 12);
    let whole: Vec<f32> = (0..rows * strips * width)
        .map(|i| {
            let (row, column) = (i / (strips * width), i % (strips * width));
            a[column / width * stride + row * width + column % width]
        })
        .collect();
    let factors = values(strips * width, 13);
    let scaled: Vec<f32> = b
        .iter()
        .zip(0..)
        .map(|(b, i)| b * factors[i / columns])
        .collect();
    let (plain, mut panels) = (
        Panels::new(Matrix::new(&b, strips * width, columns)),
        Panels::default(),
    );
    // In pieces, in another order.
    let pieces: Vec<RowScaling<'_>> = panels.scaling(&plain, &factors, 3).collect();
    assert_eq!(pieces.len(), 2);
    pieces.into_iter().rev().for_each(RowScaling::run);
    let expected = Panels::new(Matrix::new(&scaled, strips * width, columns));
    let (mut found, mut wanted) = (vec![0.0; rows * columns], vec![0.0; rows * columns]);
    multiply_panels(
        Rows::in_strips(&a, rows, (strips, width), stride),
        &panels,
        Start::Zero,
        Finish::Nothing,
        MatrixMut::new(&mut found, rows, columns),
    );
    multiply_panels(
        Matrix::new(&whole, rows, strips * width),
        &expected,
        Start::Zero,
        Finish::Nothing,
        MatrixMut::new(&mut wanted, rows, columns),
    );
    assert_eq!(found, wanted);
}

#[test]
fn windows_of_a_map_are_the_rows_that_copying_them_gives() {
    // Width, channels, kernel, stride, positions down and across.
    for (width, channels, kernel, stride, down, across) in [
        (10, 5, 3, 1, 2, 8),
        (9, 16, 3, 2, 3, 4),
        (7, 3, 5, 2, 1, 2),
        (4, 2, 1, 1, 3, 4),
    ] {
        let height = (down - 1) * stride + kernel;
        let map = values(height * width * channels, 14);
        let (inner, columns) = (kernel * kernel * channels, 21);
        let b = values(inner * columns, 15);
        let mut copied = Vec::new();
        for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
            for ky in 0..kernel {
                let first = ((y * stride + ky) * width + x * stride) * channels;
                copied.extend_from_slice(&map[first..][..kernel * channels]);
            }
        }
        let panels = Panels::new(Matrix::new(&b, inner, columns));
        let product = |a: Rows<'_>| {
            let mut c = vec![0.0; down * across * columns];
            let to = MatrixMut::new(&mut c, down * across, columns);
            multiply_panels(a, &panels, Start::Zero, Finish::Nothing, to);
            c
        };
        assert_eq!(
            product(Rows::windows(
                &map,
                (width, channels),
                (kernel, stride),
                (down, across)
            )),
            product(Matrix::new(&copied, down * across, inner).into()),
        );
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let (m, k, n) = (29, 41, 72);
    let (a, b) = (values(m * k, 9), values(k * n, 10));
    let panels = Panels::new(Matrix::new(&b, k, n));
    let product = |a: &[f32]| {
        let rows = a.len() / k;
        let mut c = vec![0.0; rows * n];
        let (a, c_view) = (Matrix::new(a, rows, k), MatrixMut::new(&mut c, rows, n));
        multiply_panels(a, &panels, Start::Zero, Finish::Nothing, c_view);
        c
    };
    let together = product(&a);
    for row in 0..m {
        assert_eq!(product(&a[row * k..][..k]), together[row * n..][..n]);
    }
}

#[test]
fn outer_products_agree_with_the_definition() {
    for (m, rows, n) in SHAPES {
        let (a_stride, b_stride, c_stride) = (m + 2, n + 3, n + 1);
        let (a, b) = (values(rows * a_stride, 1), values(rows * b_stride, 2));
        let before = values(m * c_stride, 3);
        let mut c = before.clone();
        add_outer_products(
            Matrix::strided(&a, rows, m, a_stride),
            Matrix::strided(&b, rows, n, b_stride),
            MatrixMut::strided(&mut c, m, n, c_stride),
        );
        for (i, found) in c.iter().enumerate() {
            let (row, column) = (i / c_stride, i % c_stride);
            if column >= n {
                assert_eq!(*found, before[i], "a value between rows changed");
                continue;
            }
            let sum: f64 = (0..rows)
                .map(|r| f64::from(a[r * a_stride + row]) * f64::from(b[r * b_stride + column]))
                .sum();
            assert_close(
                *found,
                f64::from(before[i]) + sum,
                format!("{m}x{rows}x{n}"),
            );
        }
    }
}
