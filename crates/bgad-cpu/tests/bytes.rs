//! Compares products of bytes with their definition in whole numbers.
#![allow(clippy::unwrap_used)]

use bgad_cpu::{
    ByteDistances, BytePanels, ByteRounding, MatrixMut, Rows, least_of_rows, multiply_bytes,
    to_centred_bytes, to_signed_bytes,
};

/// Rows, strips of the left operand, their width, columns.
const SHAPES: [(usize, usize, usize, usize); 6] = [
    (1, 1, 4, 1),
    (8, 1, 32, 16),
    (13, 1, 20, 50),
    (100, 3, 48, 17),
    (9, 3, 36, 33),
    (0, 2, 8, 5),
];

fn left(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i * 7919 % 128) as u8).collect()
}

fn right(count: usize) -> Vec<i8> {
    (0..count).map(|i| (i * 104_729 % 61) as i8 - 30).collect()
}

/// `a · b` where `a` is `[strips][rows][width]`.
fn products(
    a: &[u8],
    b: &[i8],
    (rows, strips, width, columns): (usize, usize, usize, usize),
) -> Vec<i32> {
    let mut products = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            let terms = (0..strips * width).map(|k| {
                let value = a[(k / width * rows + row) * width + k % width];
                i32::from(value) * i32::from(b[k * columns + column])
            });
            products.push(terms.sum());
        }
    }
    products
}

#[test]
fn products_are_scaled_whole_numbers() {
    for shape in SHAPES {
        let (rows, strips, width, columns) = shape;
        let (a, b) = (left(rows * strips * width), right(strips * width * columns));
        let panels = BytePanels::new(&b, (strips * width, columns), width).unwrap();
        assert_eq!((panels.rows(), panels.columns()), (strips * width, columns));
        let scales: Vec<f32> = (0..columns).map(|c| 0.25 + c as f32).collect();
        let biases: Vec<f32> = (0..columns).map(|c| c as f32 - 3.0).collect();
        let mut c = vec![0.0; rows * columns];
        let from = Rows::in_strips(&a, rows, (strips, width), rows * width);
        let to = MatrixMut::new(&mut c, rows, columns);
        multiply_bytes(from, &panels, (&scales, &biases), to);
        for (i, (found, product)) in c.iter().zip(products(&a, &b, shape)).enumerate() {
            let column = i % columns;
            assert_eq!(
                *found,
                product as f32 * scales[column] + biases[column],
                "{shape:?}"
            );
        }
    }
}

#[test]
fn the_least_of_a_row_is_found_among_all_columns_but_those_left_out() {
    for shape in SHAPES {
        let (rows, strips, width, columns) = shape;
        let (a, b) = (left(rows * strips * width), right(strips * width * columns));
        let panels = BytePanels::new(&b, (strips * width, columns), width).unwrap();
        let scales: Vec<f32> = (0..columns).map(|c| 0.5 + (c % 3) as f32).collect();
        let biases: Vec<f32> = (0..columns).map(|c| (c % 5) as f32).collect();
        let mut starts: Vec<f32> = (0..columns).map(|c| (c * 37 % 11) as f32).collect();
        if columns > 2 {
            starts[1] = f32::INFINITY;
        }
        let factors: Vec<f32> = (0..rows).map(|r| -2.0 - r as f32).collect();
        let of_columns = ByteDistances {
            scales: &scales,
            biases: &biases,
            starts: &starts,
        };
        let mut least = vec![0.0; rows];
        let from = Rows::in_strips(&a, rows, (strips, width), rows * width);
        least_of_rows(from, &panels, of_columns, &factors, &mut least);
        let products = products(&a, &b, shape);
        for (row, found) in least.iter().enumerate() {
            let values = (0..columns).map(|c| {
                let product = products[row * columns + c] as f32 * scales[c] + biases[c];
                starts[c] + factors[row] * product
            });
            assert_eq!(*found, values.fold(f32::INFINITY, f32::min), "{shape:?}");
        }
    }
}

#[test]
fn columns_that_would_overflow_are_refused() {
    // Eight of a group's sixteen rows are added in 16 bits: rows 0, 1, 4, 5 and so on.
    let column = |large: &[usize]| -> Vec<i8> {
        let value = |row: usize| if large.contains(&row) { 127 } else { 0 };
        (0..16).map(value).collect()
    };
    assert!(BytePanels::new(&column(&[0, 4, 2, 3]), (16, 1), 16).is_some());
    assert!(BytePanels::new(&column(&[0, 4, 9]), (16, 1), 16).is_none());
    assert_eq!(BytePanels::most(column(&[0, 4, 9]), 16), 3 * 127);
    // A strip begins a new group.
    assert!(BytePanels::new(&column(&[0, 4, 9]), (16, 1), 8).is_some());
    // Four rows at a time.
    assert!(BytePanels::new(&[0; 6], (6, 1), 6).is_none());
}

#[test]
fn numbers_become_the_nearest_bytes() {
    let rounding = ByteRounding::new(&[2.0, 10.0, 0.0], &[0.0, 60.0, 5.0]);
    let values = [
        1.2,
        -0.31,
        8.0,
        -1.0,
        100.0,
        -3.0,
        0.25,
        -100.0,
        f32::INFINITY,
        70.0,
        0.0,
        f32::NAN,
    ];
    let mut bytes = [0; 12];
    rounding.apply(&values, &mut bytes);
    // Halves go to the even byte; nothing goes beyond 0 and 127.
    assert_eq!(bytes[..6], [2, 57, 5, 0, 127, 5]);
    assert_eq!(bytes[6..8], [0, 0]);
    assert_eq!(bytes[9..11], [127, 60]);
    assert!(bytes.iter().all(|byte| *byte <= 127));
    assert_eq!([0, 1, 2].map(|column| rounding.zero(column)), [0, 60, 5]);
}

#[test]
fn centred_bytes_reach_to_both_ends() {
    let values: Vec<f32> = (-40..=50).map(|v| v as f32).collect();
    let mut bytes = vec![0; values.len()];
    let step = to_centred_bytes(&values, &mut bytes);
    assert_eq!(step, 50.0 / 63.0);
    assert_eq!((bytes[40], bytes[90]), (64, 127));
    for (value, byte) in values.iter().zip(&bytes) {
        let error = (f32::from(*byte) - 64.0) * step - value;
        assert!(error.abs() <= 0.5001 * step, "{value} became {byte}");
    }
    let mut bytes = [0; 3];
    assert_eq!(to_centred_bytes(&[0.0; 3], &mut bytes), 0.0);
    assert_eq!(bytes, [64; 3]);
}

#[test]
fn signed_bytes_keep_to_the_bound_of_a_column() {
    // Ten equal values: eight of them together must stay below the bound.
    let mut bytes = [0; 10];
    let step = to_signed_bytes(&[2.5; 10], 12, &mut bytes);
    assert!(BytePanels::most(bytes, 12) <= BytePanels::BOUND);
    assert!((f32::from(bytes[0]) * step - 2.5).abs() <= step / 2.0);
    // A single large value needs no smaller steps.
    let mut values = [0.0; 10];
    values[3] = -12.7;
    let step = to_signed_bytes(&values, 12, &mut bytes);
    assert!((step - 0.1).abs() < 1e-6);
    assert_eq!((bytes[3], bytes[4]), (-127, 0));
    // The smallest number, nothing, and what is no number.
    let step = to_signed_bytes(&[1e-45; 10], 12, &mut bytes);
    assert!(step > 0.0 && bytes.iter().all(|byte| *byte == bytes[0]));
    for value in [0.0, f32::INFINITY, f32::NAN] {
        assert_eq!(to_signed_bytes(&[value; 10], 12, &mut bytes), 1.0);
        assert_eq!(bytes, [0; 10]);
    }
}
