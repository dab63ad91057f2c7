//! The nearest row, found with bounds, is that of comparing every row.
#![allow(clippy::unwrap_used)]

use bgad_cpu::ScreenedRows;

const DIMENSION: usize = 80;

fn values(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (((i * 7919 + salt * 104_729) % 10_007) as f32 / 5003.5) - 1.0)
        .collect()
}

/// Rows that lie near a few directions, as features of images do.
fn rows(count: usize, seed: usize) -> Vec<f32> {
    let noise = values(count * DIMENSION, seed);
    let along = values(count * 6, seed + 1);
    let directions = values(6 * DIMENSION, 99);
    let value = |i: usize| {
        let (row, column) = (i / DIMENSION, i % DIMENSION);
        let part = |d: usize| 4.0 * along[row * 6 + d] * directions[d * DIMENSION + column];
        noise[i] * 0.5 + (0..6).map(part).sum::<f32>()
    };
    (0..count * DIMENSION).map(value).collect()
}

/// The squared distance to the nearest row, by comparing each.
fn by_comparing(rows: &[f32], vector: &[f32], left_out: std::ops::Range<usize>) -> f64 {
    let rows = rows.chunks_exact(DIMENSION).enumerate();
    let kept = rows.filter(|(row, _)| !left_out.contains(row));
    let distance = |row: &[f32]| {
        let pairs = row.iter().zip(vector);
        pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
    };
    let distances = kept.map(|(_, row)| distance(row));
    distances.fold(f64::INFINITY, f64::min)
}

#[test]
fn bounds_lose_no_nearest_row() {
    let rows = rows(1500, 1);
    let screened = ScreenedRows::new(&rows, DIMENSION).unwrap();
    let mut vectors = self::rows(40, 5);
    // Far away, opposite, nothing, and a row itself.
    vectors.extend(rows[..DIMENSION].iter().map(|v| v * 100.0));
    vectors.extend(rows[..DIMENSION].iter().map(|v| v * -1.0));
    vectors.extend([0.0; DIMENSION]);
    vectors.extend(&rows[700 * DIMENSION..701 * DIMENSION]);
    for left_out in [0..0, 0..300, 600..1500, 17..18] {
        let least = screened.least(&vectors, &left_out);
        for (vector, found) in vectors.chunks_exact(DIMENSION).zip(least) {
            let expected = by_comparing(&rows, vector, left_out.clone());
            let difference = (f64::from(found) - expected).abs();
            assert!(difference <= expected * 1e-5, "{found}, {expected}");
        }
    }
    assert_eq!(screened.least(&vectors, &(0..1500)), [f32::INFINITY; 44]);
    assert_eq!(screened.rows(), rows);
}

#[test]
fn a_row_has_no_distance_to_itself() {
    let rows = rows(1500, 1);
    let screened = ScreenedRows::new(&rows, DIMENSION).unwrap();
    let own = &rows[700 * DIMENSION..701 * DIMENSION];
    assert_eq!(screened.least(own, &(0..0)), [0.0]);
}

#[test]
fn a_distance_does_not_depend_on_what_stands_beside_it() {
    let screened = ScreenedRows::new(&rows(1500, 1), DIMENSION).unwrap();
    let vectors = rows(37, 5);
    let together = screened.least(&vectors, &(0..0));
    let alone = vectors.chunks_exact(DIMENSION);
    let alone: Vec<f32> = alone.flat_map(|v| screened.least(v, &(0..0))).collect();
    assert_eq!(together, alone);
}

/// Vectors far from all rows are found by products, and then calls pause the bounds.
#[test]
fn both_ways_of_finding_a_row_agree_to_the_bit() {
    let rows = rows(1500, 1);
    let screened = ScreenedRows::new(&rows, DIMENSION).unwrap();
    let near = self::rows(64, 5);
    let bounded = screened.least(&near, &(0..0));
    let far: Vec<f32> = values(64 * DIMENSION, 3).iter().map(|v| v * 30.0).collect();
    let first = screened.least(&far, &(0..0));
    for _ in 0..20 {
        assert_eq!(screened.least(&near, &(0..0)), bounded);
        assert_eq!(screened.least(&far, &(0..0)), first);
    }
    for (vector, found) in far.chunks_exact(DIMENSION).zip(first) {
        let expected = by_comparing(&rows, vector, 0..0);
        assert!((f64::from(found) - expected).abs() <= expected * 1e-5);
    }
}

#[test]
fn rows_that_are_alike_or_span_little_are_rows() {
    let alike = vec![3.0; 1100 * DIMENSION];
    let screened = ScreenedRows::new(&alike, DIMENSION).unwrap();
    assert_eq!(screened.least(&[3.0; DIMENSION], &(0..0)), [0.0]);
    let least = screened.least(&[5.0; DIMENSION], &(0..0));
    assert!((least[0] - 4.0 * DIMENSION as f32).abs() < 1e-3);
    let nothing = ScreenedRows::new(&vec![0.0; 1100 * DIMENSION], DIMENSION).unwrap();
    assert_eq!(
        nothing.least(&[1.0; DIMENSION], &(0..0)),
        [DIMENSION as f32]
    );
}

#[test]
fn few_or_short_rows_are_not_worth_bounds() {
    assert!(ScreenedRows::new(&rows(1000, 1), DIMENSION).is_none());
    assert!(ScreenedRows::new(&values(4000 * 20, 1), 20).is_none());
    assert!(ScreenedRows::new(&[], 0).is_none());
}

/// Rounding to bytes loses most where rows differ most in length.
#[test]
fn rows_of_all_lengths_are_found() {
    let mut rows = rows(1500, 1);
    for (index, row) in rows.chunks_exact_mut(DIMENSION).enumerate() {
        let scale = [1e-30, 1e-3, 1.0, 1.0, 50.0, 1e4][index % 6];
        row.iter_mut().for_each(|value| *value *= scale);
    }
    let screened = ScreenedRows::new(&rows, DIMENSION).unwrap();
    let mut vectors = rows[..12 * DIMENSION].to_vec();
    vectors.extend(self::rows(20, 5));
    vectors.extend(vec![1e-40; DIMENSION]);
    let least = screened.least(&vectors, &(0..12));
    for (vector, found) in vectors.chunks_exact(DIMENSION).zip(least) {
        let expected = by_comparing(&rows, vector, 0..12);
        let difference = (f64::from(found) - expected).abs();
        // Squares of the smallest numbers are 0 in 32 bits.
        assert!(difference <= expected * 1e-5 + 1e-30, "{found}, {expected}");
    }
}

#[test]
fn rows_without_a_length_have_no_bounds() {
    for value in [f32::INFINITY, f32::NAN, f32::MAX] {
        let mut rows = rows(1100, 1);
        rows[7 * DIMENSION] = value;
        assert!(ScreenedRows::new(&rows, DIMENSION).is_none(), "{value}");
    }
    // Vectors may be anything.
    let screened = ScreenedRows::new(&rows(1100, 1), DIMENSION).unwrap();
    for value in [f32::INFINITY, f32::NAN, f32::MAX] {
        let least = screened.least(&[value; DIMENSION], &(0..0));
        assert!(!least[0].is_finite(), "{value}");
    }
}

/// The squared distance as the search sums it.
fn summed_by_lanes(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<32>(), b.as_chunks::<32>());
    let mut sums = [0.0_f32; 32];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..32 {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    for width in [16, 8, 4, 2, 1] {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    let rest: f32 = a_rest
        .iter()
        .zip(b_rest)
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    sums[0] + rest
}

/// Bounds that ignore what rounding to bytes or to single precision changes would lose some of these rows.
#[test]
fn rounding_loses_no_nearest_row() {
    let queries: Vec<f32> = (5..13).flat_map(|seed| rows(40, seed)).collect();
    for offset in [0.0, 100.0] {
        let moved =
            |values: &[f32]| -> Vec<f32> { values.iter().map(|value| value + offset).collect() };
        let (rows, queries) = (moved(&rows(1500, 1)), moved(&queries));
        let screened = ScreenedRows::new(&rows, DIMENSION).unwrap();
        for queries in queries.chunks(64 * DIMENSION) {
            let found = screened.least(queries, &(0..0));
            for (query, found) in queries.chunks_exact(DIMENSION).zip(found) {
                let distances = rows.chunks_exact(DIMENSION);
                let distances = distances.map(|row| summed_by_lanes(query, row));
                assert_eq!(found, distances.fold(f32::INFINITY, f32::min), "{offset}");
            }
        }
    }
}

/// Sums of their products would overflow, although each length is finite.
#[test]
fn rows_of_huge_numbers_have_no_bounds() {
    let rows: Vec<f32> = rows(1100, 1).iter().map(|value| value * 1e17).collect();
    assert!(ScreenedRows::new(&rows, DIMENSION).is_none());
}
