//! What can be wrong with the objective's settings.

/// An error of this crate; it names what was found and what was expected.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LossError {
    /// A setting lies outside its range.
    #[error("objective setting `{setting}` is {found}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        found: f64,
        /// What would be valid.
        expected: &'static str,
    },
    /// A boundary over a set of log-likelihoods needs finite ones.
    #[error("a separating boundary needs finite log-likelihoods, found {found} at index {index}")]
    NotFinite {
        /// Where it stands.
        index: usize,
        /// Its value.
        found: f32,
    },
}
