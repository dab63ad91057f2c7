//! Compares convolutions with plain sums in double precision.

use bgad_cpu::{Matrix, PaddedMap, Winograd};

/// Values between -1 and 1 that repeat nowhere near each other.
fn values(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| (((i * 7919 + salt * 104_729) % 10_007) as f32 / 5003.5) - 1.0)
        .collect()
}

/// `lines x width` outputs of a map with the padding that the convolution asks for, which is filled too: what lies beyond
/// the last output must have no effect.
fn convolved([channels, outputs]: [usize; 2], [lines, width]: [usize; 2]) -> (Vec<f32>, Vec<f64>) {
    let weights = values(9 * channels * outputs, 1);
    let bias = values(outputs, 2);
    let padded = [Winograd::padded(lines), Winograd::padded(width)];
    let map = values(padded[0] * padded[1] * channels, 3);
    let convolution = Winograd::new(Matrix::new(&weights, 9 * channels, outputs));
    assert_eq!(convolution.outputs(), outputs);
    let mut memory = vec![f32::NAN; convolution.memory()];
    let mut found = vec![f32::NAN; lines * width * outputs];
    let padded_map = PaddedMap {
        values: &map,
        width: padded[1],
    };
    convolution.apply(padded_map, &bias, width, &mut memory, &mut found);
    let mut expected = Vec::with_capacity(found.len());
    for y in 0..lines {
        for x in 0..width {
            for output in 0..outputs {
                let mut sum = f64::from(bias[output]);
                for (tap, (i, j)) in (0..9).map(|tap| (tap, (tap / 3, tap % 3))) {
                    for channel in 0..channels {
                        let value = map[((y + i) * padded[1] + x + j) * channels + channel];
                        let weight = weights[(tap * channels + channel) * outputs + output];
                        sum += f64::from(value) * f64::from(weight);
                    }
                }
                expected.push(sum);
            }
        }
    }
    (found, expected)
}

#[test]
fn convolutions_are_those_of_plain_sums() {
    for channels in [[16, 16], [32, 128], [48, 40], [5, 3], [1, 17]] {
        // Whole tiles and partial ones, one group of tiles and several.
        for size in [[4, 4], [1, 1], [7, 10], [12, 40], [2, 101]] {
            let (found, expected) = convolved(channels, size);
            let most = 3e-6 * (9.0 * channels[0] as f64).sqrt();
            for (found, expected) in found.iter().zip(&expected) {
                let error = (f64::from(*found) - expected).abs();
                assert!(error < most, "{channels:?}, {size:?}: {found}, {expected}");
            }
        }
    }
}

#[test]
fn an_output_does_not_depend_on_how_many_are_computed() {
    let channels = 16;
    let weights = values(9 * channels * channels, 4);
    let convolution = Winograd::new(Matrix::new(&weights, 9 * channels, channels));
    let bias = values(channels, 5);
    let width = 12;
    let line = Winograd::padded(width) * channels;
    let map = values(Winograd::padded(40) * line, 6);
    let of_lines = |first: usize, lines: usize| {
        let mut to = vec![0.0; lines * width * channels];
        let mut memory = vec![0.0; convolution.memory()];
        let map = PaddedMap {
            values: &map[first * line..],
            width: Winograd::padded(width),
        };
        convolution.apply(map, &bias, width, &mut memory, &mut to);
        to
    };
    let all = of_lines(0, 40);
    let parts = [(0, 4), (4, 12), (16, 24)].map(|(first, lines)| of_lines(first, lines));
    assert_eq!(all, parts.concat());
}
