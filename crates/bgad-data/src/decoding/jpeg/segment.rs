//! Segments: a marker, a length, content.

use crate::decoding::fault::{Fault, damaged};

/// The content of the segment whose length is at `at`.
pub(super) fn segment(bytes: &[u8], at: usize) -> Result<&[u8], Fault> {
    let length = bytes.get(at..).and_then(<[u8]>::first_chunk);
    let length = usize::from(u16::from_be_bytes(*length.ok_or_else(cut_short)?));
    bytes.get(at + 2..at + length).ok_or_else(cut_short)
}

pub(super) fn cut_short() -> Fault {
    damaged("a segment that is cut short")
}
