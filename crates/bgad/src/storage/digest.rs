//! SHA-256 as files and settings name it.

/// Bytes as a checksum is written.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
