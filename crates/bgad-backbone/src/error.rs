//! Errors of reading weights and building backbones.

use crate::architecture::Architecture;

/// Why a backbone could not be created.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum BackboneError {
    /// The name is not a known architecture.
    #[error("unknown architecture `{name}`; there are {}", Architecture::list())]
    UnknownArchitecture {
        /// The name that was requested.
        name: String,
    },

    /// No features are available at this stride.
    #[error("no features at stride {found}; choose among 4, 8 and 16")]
    UnsupportedStride {
        /// The stride that was requested.
        found: usize,
    },

    /// No stride was requested.
    #[error("no stride selected; choose one or more of 4, 8 and 16")]
    NoStride,

    /// The operating system could not read the file.
    #[error("{file}: cannot be read: {source}; check the path and its permissions")]
    Read {
        /// The file.
        file: String,
        /// The operating system's error.
        source: std::io::Error,
    },

    /// The content is neither safetensors nor a PyTorch checkpoint.
    #[error(
        "{file}: neither safetensors nor a PyTorch checkpoint, but {found}; \
         download timm's `model.safetensors` or `.pth` of the architecture"
    )]
    UnknownFormat {
        /// The file.
        file: String,
        /// What the content looks like.
        found: String,
    },

    /// The container is damaged.
    #[error("{file}: damaged or incomplete {format} file: {reason}; fetch it again")]
    Corrupt {
        /// The file.
        file: String,
        /// The container's kind.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },

    /// A tensor has an element type that weights cannot have.
    #[error(
        "{file}: tensor `{tensor}` holds {found}, expected F16, BF16, F32 or F64; \
         use weights that were not quantised"
    )]
    ElementType {
        /// The file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The element type in the file.
        found: String,
    },

    /// A tensor's values do not fill its shape.
    #[error(
        "{file}: tensor `{tensor}` has {found} values, expected {} for shape {shape:?}; \
         the source is damaged, write it again",
        .expected.map_or_else(|| "more than memory holds".to_owned(), |n| n.to_string())
    )]
    ValueCount {
        /// The file, or where the tensors came from.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// Number of values.
        found: usize,
        /// Number of values that the shape needs; `None` if that overflows.
        expected: Option<usize>,
        /// The shape.
        shape: Vec<usize>,
    },

    /// A stored value that a byte network cannot have.
    #[error(
        "{file}: tensor `{tensor}` has {found} at {index}, expected {expected}; the source is damaged, \
         write it again"
    )]
    OutOfRange {
        /// The file, or where the tensors came from.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The value's place.
        index: usize,
        /// The value.
        found: f32,
        /// What it should be.
        expected: &'static str,
    },

    /// Two tensors have the same name.
    #[error("{file}: tensor `{tensor}` occurs twice; the source is damaged, write it again")]
    DuplicateTensor {
        /// The file, or where the tensors came from.
        file: String,
        /// The tensor's name.
        tensor: String,
    },

    /// A tensor that the architecture needs is missing.
    #[error(
        "{file}: tensor `{tensor}` is missing, expected with shape {expected:?}; \
         are these the weights of {architecture}, under timm's names?"
    )]
    MissingTensor {
        /// The file, or where the tensors came from.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The shape it should have.
        expected: Vec<usize>,
        /// The architecture being loaded.
        architecture: Architecture,
    },

    /// A tensor has another shape than the architecture's.
    #[error(
        "{file}: tensor `{tensor}` has shape {found:?}, expected {expected:?} for {architecture}; \
         these are probably the weights of another architecture"
    )]
    Shape {
        /// The file, or where the tensors came from.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
        /// The architecture being loaded.
        architecture: Architecture,
    },

    /// A weight is infinite or not a number.
    #[error(
        "{file}: tensor `{tensor}` holds {found} at index {index}, expected finite values; \
         the file is damaged or its training diverged"
    )]
    NonFinite {
        /// The file, or where the tensors came from.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// Where, in row-major order.
        index: usize,
        /// The value.
        found: f32,
    },

    /// A batch norm's running variance is negative.
    #[error(
        "{file}: tensor `{tensor}` holds {found} at index {index}, expected a variance of at least 0; \
         the file is damaged"
    )]
    NegativeVariance {
        /// The file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The channel.
        index: usize,
        /// The value.
        found: f32,
    },
}
