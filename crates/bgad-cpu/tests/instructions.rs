//! Runs every kernel with every instruction set that this machine has.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../tests/instruction_sets/mod.rs"]
mod instruction_sets;

use bgad_cpu::{
    Activation, ByteDistances, BytePanels, ByteRounding, Depthwise, Finish, Instructions, Kernel,
    Matrix, MatrixMut, MultiplyAdd, PaddedMap, Panels, RowScaling, Rows, ScreenedRows, Start,
    Winograd, add_outer_products, depthwise_row, exp, finish, least_of_rows, multiply,
    multiply_add, multiply_bytes, multiply_panels, run, sigmoid_in_place, silu, smallest, tanh,
    to_centred_bytes, vectorized,
};
use instruction_sets::{assert_agreement, under_each};

/// Values between -1 and 1 that repeat nowhere near each other.
fn values(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (((i * 7919 + salt * 104_729) % 10_007) as f32 / 5003.5) - 1.0)
        .collect()
}

/// Finds the width of registers by running a kernel, not by asking which set was chosen.
#[test]
fn each_set_runs_on_registers_of_its_width() {
    for (set, lanes) in under_each(Instructions::lanes) {
        let expected = match set {
            Instructions::Scalar => 1,
            Instructions::Simd128 | Instructions::Neon => 4,
            Instructions::Avx2 => 8,
            Instructions::Avx512 => 16,
            _ => unreachable!("a set without a width"),
        };
        assert_eq!(lanes, expected, "values in a register of {set}");
    }
}

/// A build that lacks a feature of `pulp` must not fall back to one number at a time on a processor with
/// vectors. So this asks the standard library which instructions there are, not `pulp`.
#[test]
fn the_widest_set_is_what_the_processor_has() {
    #[cfg(target_arch = "x86_64")]
    let expected = {
        let wide = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512cd")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512vl");
        let avx2 = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma");
        match (wide, avx2) {
            (true, _) => Instructions::Avx512,
            (_, true) => Instructions::Avx2,
            _ => Instructions::Scalar,
        }
    };
    #[cfg(target_arch = "aarch64")]
    let expected = Instructions::Neon;
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let expected = Instructions::widest();
    assert_eq!(Instructions::widest(), expected);
    assert!(Instructions::widest().is_available());
}

#[test]
fn a_set_that_the_machine_lacks_is_refused_by_name() {
    for set in Instructions::ALL {
        if !set.is_available() {
            let error = set.activate().unwrap_err().to_string();
            assert!(error.contains(set.name()), "{error}");
            assert!(error.contains("this machine has scalar"), "{error}");
        }
    }
}

/// Multiply-adds are fused exactly if the processor can.
#[test]
fn multiply_adds_round_once_on_vectors_and_twice_without() {
    struct Residue;
    impl Kernel for Residue {
        type Output = f32;

        #[inline(always)]
        fn call<A: MultiplyAdd>(self) -> f32 {
            // (1 + 2^-12)² - (1 + 2^-11) is 2^-24, which a rounded product loses.
            let x = std::hint::black_box(1.0 + (-12f32).exp2());
            A::mul_add(x, x, -(1.0 + (-11f32).exp2()))
        }
    }
    for (set, residue) in under_each(|| run(Residue)) {
        let fused = !matches!(set, Instructions::Scalar | Instructions::Simd128);
        let expected = if fused { (-24f32).exp2() } else { 0.0 };
        assert_eq!(residue, expected, "{set}");
    }
}

#[test]
fn elementary_functions_agree() {
    struct All(Vec<f32>);
    impl Kernel for All {
        type Output = Vec<f32>;

        #[inline(always)]
        fn call<A: MultiplyAdd>(self) -> Vec<f32> {
            let mut results = Vec::with_capacity(self.0.len() * 3);
            for x in self.0 {
                results.extend([exp::<A>(x * 0.05), tanh::<A>(x), silu::<A>(x)]);
            }
            results
        }
    }
    let x: Vec<f32> = (-2000..2000).map(|i| i as f32 * 0.01).collect();
    assert_agreement("exp, tanh, silu", 1e-6, || run(All(x.clone())));
    assert_agreement("sigmoid", 1e-6, || {
        let mut x = x.clone();
        sigmoid_in_place(&mut x);
        x
    });
    assert_agreement("a closure", 0.0, || {
        let mut x = x.clone();
        vectorized(|| x.iter_mut().for_each(|v| *v = v.abs().sqrt() + 1.0));
        x
    });
}

#[test]
fn the_smallest_of_any_number_of_values_is_found() {
    for count in [0, 1, 15, 31, 32, 33, 100] {
        for at in 0..count {
            let mut some = values(count, 3);
            some[at] = -7.0;
            some[(at + 1) % count] = if count > 1 { f32::NAN } else { -7.0 };
            for (set, least) in under_each(|| smallest(&some)) {
                assert_eq!(least, -7.0, "{set}: {at} of {count}");
            }
        }
    }
    assert_eq!(smallest(&[]), f32::INFINITY);
}

#[test]
fn activations_and_residuals_agree() {
    let before: Vec<f32> = values(1003, 5).iter().map(|v| v * 9.0).collect();
    let residual = values(1003, 7);
    for activation in [Activation::Linear, Activation::Silu, Activation::Relu6] {
        assert_agreement("finish", 1e-6, || {
            let mut values = before.clone();
            finish(&mut values, activation, Some(&residual));
            values
        });
    }
}

#[test]
fn products_agree() {
    // Full tiles, partial ones, more columns than a panel, fewer than a register.
    for (m, k, n) in [(13, 20, 296), (64, 148, 48), (25, 33, 40), (31, 9, 7)] {
        let (a, b, c) = (values(m * k, 1), values(k * n, 2), values(m * n, 3));
        let panels = Panels::new(Matrix::new(&b, k, n));
        for finish in [Finish::Nothing, Finish::Relu, Finish::WherePositive(&c)] {
            for start in [Start::Zero, Start::Kept, Start::Row(&c[..n])] {
                assert_agreement(&format!("{m}x{k}x{n}, {start:?}"), 1e-5, || {
                    let mut c = c.clone();
                    let to = MatrixMut::new(&mut c, m, n);
                    multiply_panels(Matrix::new(&a, m, k), &panels, start, finish, to);
                    c
                });
            }
        }
        assert_agreement(&format!("{m}x{k}x{n}, two tables"), 1e-5, || {
            let places: Vec<[u32; 2]> = (0..m as u32).map(|i| [i % 3, i % 2]).collect();
            let (first, second) = (values(3 * n, 4), values(2 * n, 5));
            let mut c = c.clone();
            let start = Start::Gathered {
                first: &first,
                second: &second,
                rows: &places,
            };
            let to = MatrixMut::new(&mut c, m, n);
            multiply_panels(Matrix::new(&a, m, k), &panels, start, Finish::Nothing, to);
            c
        });
        assert_agreement(&format!("{m}x{k}x{n}, views"), 1e-5, || {
            let mut c = c.clone();
            let (a, b) = (Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            multiply(a, b, MatrixMut::new(&mut c, m, n));
            multiply_add(a, b, MatrixMut::new(&mut c, m, n));
            c
        });
        assert_agreement(&format!("{m}x{k}x{n}, outer"), 1e-5, || {
            let (right, mut sums) = (values(m * n, 6), vec![0.5; k * n]);
            let (a, right) = (Matrix::new(&a, m, k), Matrix::new(&right, m, n));
            add_outer_products(a, right, MatrixMut::new(&mut sums, k, n));
            sums
        });
    }
}

#[test]
fn products_of_strips_and_scaled_panels_agree() {
    let (rows, strips, width, columns) = (19, 3, 16, 50);
    let a = values(strips * rows * width, 11);
    let b = values(strips * width * columns, 12);
    let factors = values(strips * width, 13);
    assert_agreement("strips", 1e-5, || {
        let plain = Panels::new(Matrix::new(&b, strips * width, columns));
        let (mut panels, mut c) = (Panels::default(), vec![0.0; rows * columns]);
        panels
            .scaling(&plain, &factors, 2)
            .for_each(RowScaling::run);
        let a = Rows::in_strips(&a, rows, (strips, width), rows * width);
        let to = MatrixMut::new(&mut c, rows, columns);
        multiply_panels(a, &panels, Start::Zero, Finish::Nothing, to);
        c
    });
}

#[test]
fn products_of_windows_agree() {
    let (channels, columns) = (20, 50);
    let map = values(7 * 9 * channels, 16);
    let panels = Panels::new(Matrix::new(
        &values(9 * channels * columns, 17),
        9 * channels,
        columns,
    ));
    for (stride, down, across) in [(1, 5, 7), (2, 3, 4)] {
        assert_agreement("windows", 1e-5, || {
            let mut c = vec![0.0; down * across * columns];
            let a = Rows::windows(&map, (9, channels), (3, stride), (down, across));
            let to = MatrixMut::new(&mut c, down * across, columns);
            multiply_panels(a, &panels, Start::Zero, Finish::Nothing, to);
            c
        });
    }
}

#[test]
fn convolutions_with_fewer_multiplications_agree() {
    // Whole registers and parts of them.
    for (channels, outputs) in [(16, 48), (20, 7)] {
        // Sums of about the size of one input.
        let size = (9.0 * channels as f32).sqrt();
        let weights = values(9 * channels * outputs, 41);
        let weights: Vec<f32> = weights.iter().map(|weight| weight / size).collect();
        let convolution = Winograd::new(Matrix::new(&weights, 9 * channels, outputs));
        let (lines, width) = (6, 11);
        let padded = Winograd::padded(width);
        let map = values(Winograd::padded(lines) * padded * channels, 42);
        let bias = values(outputs, 43);
        assert_agreement("a convolution", 3e-6, || {
            let map = PaddedMap {
                values: &map,
                width: padded,
            };
            let mut memory = vec![0.0; convolution.memory()];
            let mut to = vec![0.0; lines * width * outputs];
            convolution.apply(map, &bias, width, &mut memory, &mut to);
            to
        });
    }
}

#[test]
fn depthwise_rows_agree() {
    for channels in [16, 32, 48] {
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            let width = 21;
            let inputs = (width - 1) * stride + kernel;
            let (weights, bias) = (values(kernel * kernel * channels, 1), values(channels, 2));
            let rows: Vec<_> = (0..kernel)
                .map(|ky| values(inputs * channels, 10 + ky))
                .collect();
            let rows: Vec<&[f32]> = rows.iter().map(|row| &row[..]).collect();
            let layer = Depthwise {
                channels,
                kernel,
                stride,
                weights: &weights,
                bias: &bias,
                activation: Activation::Silu,
            };
            let what = format!("{channels} channels, {kernel}x{kernel}, stride {stride}");
            assert_agreement(&what, 1e-5, || {
                let mut all = vec![0.0; (width + 1) * channels];
                let (outputs, sums) = all.split_at_mut(width * channels);
                depthwise_row(&layer, &rows, outputs, sums);
                all
            });
        }
    }
}

/// Products of bytes are exact, so every set gives the same bits.
#[test]
fn products_of_bytes_are_the_same() {
    // Whole groups of sixteen, parts of them, several strips, a single column, more rows than a tile.
    for (rows, strips, width, columns) in [
        (13, 1, 20, 50),
        (100, 3, 48, 16),
        (9, 3, 36, 33),
        (17, 2, 4, 1),
        (8, 1, 672, 112),
    ] {
        let depth = strips * width;
        // The largest allowed bytes, with signs that don't cancel.
        let bytes: Vec<u8> = (0..rows * depth).map(|i| 127 - (i % 5) as u8).collect();
        let of_column = |i: usize| match (i / columns) % 16 {
            0 => 127,
            _ => 18,
        };
        let weights: Vec<i8> = (0..depth * columns).map(of_column).collect();
        let panels = BytePanels::new(&weights, (depth, columns), width).unwrap();
        let (scales, biases) = (values(columns, 21), values(columns, 22));
        let starts = values(columns, 23);
        let factors = values(rows, 24);
        let results = under_each(|| {
            let a = Rows::in_strips(&bytes, rows, (strips, width), rows * width);
            let mut c = vec![0.0; rows * (columns + 3)];
            let to = MatrixMut::strided(&mut c, rows, columns, columns + 3);
            multiply_bytes(a, &panels, (&scales, &biases), to);
            let of_columns = ByteDistances {
                scales: &scales,
                biases: &biases,
                starts: &starts,
            };
            let mut least = vec![0.0; rows];
            least_of_rows(a, &panels, of_columns, &factors, &mut least);
            c.extend(least);
            c
        });
        for (set, found) in &results {
            assert_eq!(
                found, &results[0].1,
                "{rows}x{strips}x{width}x{columns}: {set} and {}",
                results[0].0
            );
        }
    }
}

#[test]
fn numbers_become_the_same_bytes() {
    for (rows, columns) in [(7, 24), (5, 96), (3, 7), (1, 1)] {
        let x: Vec<f32> = values(rows * columns, 31).iter().map(|v| v * 9.0).collect();
        let factors: Vec<f32> = (0..columns).map(|c| 4.0 + c as f32).collect();
        let zeros: Vec<f32> = (0..columns).map(|c| (c % 64) as f32).collect();
        let results = under_each(|| {
            let mut bytes = vec![0; x.len()];
            ByteRounding::new(&factors, &zeros).apply(&x, &mut bytes);
            let mut centred = vec![0; x.len()];
            let step = to_centred_bytes(&x, &mut centred);
            (bytes, centred, step)
        });
        for (set, found) in &results {
            assert_eq!(found, &results[0].1, "{rows}x{columns}: {set}");
        }
    }
}

#[test]
fn nearest_rows_agree() {
    let rows = values(1200 * 70, 11);
    let rows = ScreenedRows::new(&rows, 70).unwrap();
    let vectors = values(50 * 70, 13);
    assert_agreement("nearest rows", 1e-5, || rows.least(&vectors, &(100..140)));
}
