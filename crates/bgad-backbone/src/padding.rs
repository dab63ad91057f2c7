//! TensorFlow's "SAME" padding.

/// Zeros before and after an axis of `size` for which a convolution of `kernel` taps has
/// `ceil(size / stride)` outputs. If their number is odd, the extra zero is at the end.
pub(crate) fn same(size: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let outputs = size.div_ceil(stride);
    let covered = outputs.saturating_sub(1) * stride + kernel;
    let total = covered.saturating_sub(size);
    (total / 2, total - total / 2)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn the_smaller_half_comes_first() {
        assert_eq!(same(256, 3, 2), (0, 1));
        assert_eq!(same(255, 3, 2), (1, 1));
        assert_eq!(same(64, 5, 2), (1, 2));
        assert_eq!(same(63, 5, 2), (2, 2));
        assert_eq!(same(32, 3, 1), (1, 1));
        assert_eq!(same(32, 5, 1), (2, 2));
    }

    #[test]
    fn a_kernel_smaller_than_the_stride_needs_none() {
        assert_eq!(same(8, 1, 2), (0, 0));
        assert_eq!(same(7, 1, 2), (0, 0));
    }
}
