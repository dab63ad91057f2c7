//! Errors in the objective's settings.

/// An error of this crate; its message says what was found and what was expected.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LossError {
    /// A setting is out of range.
    #[error("objective setting `{setting}` is {found}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        found: f64,
        /// What would be valid.
        expected: &'static str,
    },
    /// A log-likelihood is not finite.
    #[error("a separating boundary needs finite log-likelihoods, found {found} at index {index}")]
    NotFinite {
        /// Its index.
        index: usize,
        /// Its value.
        found: f32,
    },
}
