//! SHA-256 digests of files and settings as text.

/// Bytes in hexadecimal, as in a checksum.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
