//! Errors in a flow's configuration or parameters.

/// An error of this crate; its message says what was found and what was expected.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The dimension is too small to be split into two halves.
    #[error("a flow needs vectors of at least 2 dimensions to split them, found {found}")]
    Dimension {
        /// The dimension asked for.
        found: usize,
    },
    /// A setting is out of range.
    #[error("flow setting `{setting}` is {found}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// The valid values.
        expected: &'static str,
    },
    /// A positional encoding's dimension can't be shared by sine and cosine of two axes.
    #[error(
        "a positional encoding's dimension must be a positive multiple of 4 (sine and cosine of \
         two axes), found {found}"
    )]
    EncodingDimension {
        /// The dimension asked for.
        found: usize,
    },
    /// The parameter does not belong to a block of the supported kind.
    #[error(
        "`{name}` is not a parameter of an AllInOneBlock with soft permutation and a subnet of two linear \
         layers; flows of other kinds can't be read"
    )]
    ForeignParameter {
        /// The parameter's name.
        name: String,
    },
    /// A parameter is missing.
    #[error("the flow's parameter `{name}` is missing")]
    MissingParameter {
        /// The parameter's name.
        name: String,
    },
    /// A parameter has another shape or element type than the configuration requires.
    #[error("the flow's parameter `{name}` is {found}, expected {expected}")]
    ParameterShape {
        /// The parameter's name.
        name: String,
        /// Element type and shape found.
        found: String,
        /// Element type and shape expected.
        expected: String,
    },
}
