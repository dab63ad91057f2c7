//! Compares the kernels with plain loops in double precision.

use bgad_cpu::{
    Fused, Kernel, Matrix, MatrixMut, MultiplyAdd, Piecewise, Separate, exp, multiply,
    multiply_add, run, sigmoid, silu, tanh,
};

/// Values between -1 and 1 that repeat nowhere near each other.
fn values(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (((i * 7919 + salt * 104_729) % 10_007) as f32 / 5003.5) - 1.0)
        .collect()
}

fn close(found: f32, expected: f64, relative: f64) -> bool {
    (f64::from(found) - expected).abs() <= relative * expected.abs().max(1e-30)
}

fn elementary_functions_agree<A: MultiplyAdd>() {
    for step in -8000..=8000 {
        let x = step as f32 * 0.01;
        let wide = f64::from(x);
        assert!(close(exp::<A>(x), wide.exp(), 3e-7), "exp({x})");
        let expected = 1.0 / (1.0 + (-wide).exp());
        assert!(close(sigmoid::<A>(x), expected, 5e-7), "sigmoid({x})");
        assert!(close(silu::<A>(x), wide * expected, 5e-7), "silu({x})");
        assert!(close(tanh::<A>(x), wide.tanh(), 5e-7), "tanh({x})");
    }
    // Tiny arguments keep their relative precision.
    for x in [1e-6f32, -3e-5, 1e-4] {
        assert!(close(tanh::<A>(x), f64::from(x).tanh(), 5e-7), "tanh({x})");
    }
    assert!(exp::<A>(1e9).is_finite() && exp::<A>(-1e9) > 0.0);
}

#[test]
fn elementary_functions_agree_with_double_precision() {
    elementary_functions_agree::<Fused>();
    elementary_functions_agree::<Separate>();
}

#[test]
fn vectorized_loops_give_what_plain_ones_give() {
    struct Loop<'a>(&'a mut [f32]);
    impl Kernel for Loop<'_> {
        type Output = ();

        #[inline(always)]
        fn call<A: MultiplyAdd>(self) {
            self.0.iter_mut().for_each(|v| *v = silu::<A>(*v * 9.0));
        }
    }
    let x = values(1003, 1);
    let mut wide = x.clone();
    run(Loop(&mut wide));
    let plain = |x: f32| [silu::<Fused>(x), silu::<Separate>(x)];
    for (x, found) in x.iter().zip(&wide) {
        assert!(plain(*x * 9.0).contains(found), "silu(9 · {x}) = {found}");
    }
}

#[test]
fn products_agree_with_the_definition() {
    for (m, n, k) in [
        (1, 1, 1),
        (3, 5, 7),
        (64, 33, 129),
        (257, 40, 20),
        (5, 4, 0),
    ] {
        let (a, b) = (values(m * k, 2), values(k * n, 3));
        let expected = |row: usize, column: usize| -> f64 {
            (0..k)
                .map(|i| f64::from(a[row * k + i]) * f64::from(b[i * n + column]))
                .sum()
        };
        let mut c = vec![f32::NAN; m * n];
        multiply(
            Matrix::new(&a, m, k),
            Matrix::new(&b, k, n),
            MatrixMut::new(&mut c, m, n),
        );
        let mut twice = c.clone();
        multiply_add(
            Matrix::new(&a, m, k),
            Matrix::new(&b, k, n),
            MatrixMut::new(&mut twice, m, n),
        );
        for row in 0..m {
            for column in 0..n {
                let expected = expected(row, column);
                let found = f64::from(c[row * n + column]);
                assert!((found - expected).abs() < 1e-5 * (k as f64 + 1.0));
                let found = f64::from(twice[row * n + column]);
                assert!((found - 2.0 * expected).abs() < 1e-5 * (k as f64 + 1.0));
            }
        }
    }
}

#[test]
fn transposed_and_strided_views_address_the_right_elements() {
    // a is the middle two columns of a 3x4 matrix.
    let data: Vec<f32> = (0..12).map(|v| v as f32).collect();
    let a = Matrix::strided(&data[1..], 3, 2, 4);
    let mut gram = vec![0.0; 4];
    multiply(a.transposed(), a, MatrixMut::new(&mut gram, 2, 2));
    assert_eq!(gram, [107.0, 122.0, 122.0, 140.0]);
    // Written into two columns of three; the third stays.
    let mut out = vec![-1.0; 9];
    let one = Matrix::new(&[1.0, 0.0, 0.0, 1.0], 2, 2);
    multiply(a, one, MatrixMut::strided(&mut out, 3, 2, 3));
    assert_eq!(out, [1.0, 2.0, -1.0, 5.0, 6.0, -1.0, 9.0, 10.0, -1.0]);
}

#[test]
#[should_panic(expected = "2x3 times 2x2")]
fn shapes_that_do_not_fit_are_refused() {
    let (a, b) = (values(6, 1), values(4, 2));
    let mut c = vec![0.0; 4];
    multiply(
        Matrix::new(&a, 2, 3),
        Matrix::new(&b, 2, 2),
        MatrixMut::new(&mut c, 2, 2),
    );
}

#[test]
#[should_panic(expected = "in 5 elements")]
fn views_beyond_their_slice_are_refused() {
    let data = values(5, 1);
    let _ = Matrix::new(&data, 2, 3);
}

#[test]
fn a_function_in_pieces_is_the_same_wherever_its_value_stands() {
    let knots = [-1.0f32, 0.5, 0.5, 2.0, 7.0];
    let (step, scale) = (0.25, 4.0);
    let of = Piecewise::new(knots, step, scale);
    let expected = |value: f32| {
        let past = knots.iter().filter(|knot| **knot <= value).count();
        let value = f64::from(value);
        match past {
            0 => 0.0,
            _ if past == knots.len() => 4.0 * 0.25 + (value - 7.0) / 4.0,
            _ => {
                let (low, high) = (f64::from(knots[past - 1]), f64::from(knots[past]));
                0.25 * ((past - 1) as f64 + (value - low) / (high - low))
            }
        }
    };
    let mut values: Vec<f32> = (0..203).map(|i| -3.0 + i as f32 * 0.0625).collect();
    values.extend([f32::MIN, 1e30, 0.5, -1.0, 7.0]);
    let mut found = values.clone();
    of.apply(&mut found);
    for (value, found) in values.iter().zip(found) {
        assert!(close(found, expected(*value), 1e-6), "{value}: {found}");
        let mut alone = [*value];
        of.apply(&mut alone);
        assert_eq!(alone[0].to_bits(), found.to_bits(), "{value}");
    }
    let mut others = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    of.apply(&mut others);
    assert_eq!(others, [0.0, f32::INFINITY, 0.0]);
    of.apply(&mut []);
}
