//! Reads the part of the safetensors format that our files use: single-precision numbers, whole numbers of a
//! byte, and bytes.
//!
//! A file holds a length in eight bytes, a JSON object of that length, and the tensors' bytes one after the
//! other. The object has an entry per tensor, and optional texts under `__metadata__`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Elements {
    F32,
    /// Numbers from -128 to 127.
    I8,
    U8,
}

impl Elements {
    fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::I8 | Self::U8 => 1,
        }
    }
}

/// The contents of a file; the tensors are not copied.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub metadata: BTreeMap<String, String>,
    entries: BTreeMap<String, Entry>,
    /// Everything after the object.
    bytes: &'a [u8],
}

#[derive(Debug, Deserialize)]
struct Entry {
    dtype: Elements,
    shape: Vec<usize>,
    /// From the first byte to one after the last.
    data_offsets: [usize; 2],
}

/// A tensor of a file.
pub(super) struct View<'a> {
    pub elements: Elements,
    pub shape: Vec<usize>,
    pub bytes: &'a [u8],
}

const METADATA: &str = "__metadata__";

impl<'a> Content<'a> {
    /// Reads only the object.
    ///
    /// # Errors
    /// A description of what is wrong with it.
    pub fn read(file: &'a [u8]) -> Result<Self, String> {
        let (length, rest) = file.split_first_chunk::<8>().ok_or_else(|| {
            format!(
                "it has {} bytes, too few even for the length of a header",
                file.len()
            )
        })?;
        let length = u64::from_le_bytes(*length);
        let header = usize::try_from(length)
            .ok()
            .and_then(|length| rest.split_at_checked(length));
        let Some((header, bytes)) = header else {
            let left = rest.len();
            return Err(format!(
                "its first bytes announce a header of {length} bytes, but only {left} follow"
            ));
        };
        let mut header: Map<String, Value> =
            serde_json::from_slice(header).map_err(|e| format!("its header: {e}"))?;
        let metadata = match header.remove(METADATA) {
            Some(metadata) => {
                serde_json::from_value(metadata).map_err(|e| format!("{METADATA}: {e}"))?
            }
            None => BTreeMap::new(),
        };
        let entry = |(name, value): (String, Value)| match serde_json::from_value(value) {
            Ok(entry) => Ok((name, entry)),
            Err(error) => Err(format!("tensor `{name}`: {error}")),
        };
        Ok(Self {
            metadata,
            entries: header.into_iter().map(entry).collect::<Result<_, _>>()?,
            bytes,
        })
    }

    /// The tensors by name.
    ///
    /// # Errors
    /// If a tensor's bytes do not match its shape, or the tensors together do not fill the file without gap
    /// or overlap.
    pub fn tensors(&self) -> Result<BTreeMap<String, View<'a>>, String> {
        let mut views = BTreeMap::new();
        for (name, entry) in &self.entries {
            let [start, end] = entry.data_offsets;
            let mut extents = entry.shape.iter();
            let count = extents.try_fold(entry.dtype.bytes(), |count, extent| {
                count.checked_mul(*extent)
            });
            let bytes = self.bytes.get(start..end);
            let Some(bytes) = bytes.filter(|bytes| Some(bytes.len()) == count) else {
                return Err(format!(
                    "tensor `{name}`: bytes {start} to {end} of {} for {:?} {:?}",
                    self.bytes.len(),
                    entry.dtype,
                    entry.shape
                ));
            };
            let view = View {
                elements: entry.dtype,
                shape: entry.shape.clone(),
                bytes,
            };
            views.insert(name.clone(), view);
        }
        let mut places: Vec<_> = self.entries.values().map(|e| e.data_offsets).collect();
        places.sort_unstable();
        let filled = places
            .iter()
            .try_fold(0, |filled, [start, end]| (filled == *start).then_some(*end));
        match filled == Some(self.bytes.len()) {
            true => Ok(views),
            false => Err("its tensors leave gaps, overlap, or are incomplete".to_owned()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Content, Elements};

    fn file(header: &str, bytes: usize) -> Vec<u8> {
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes(), &vec![7; bytes]].concat()
    }

    fn problem(header: &str, bytes: usize) -> String {
        let file = file(header, bytes);
        let content = Content::read(&file);
        let tensors = content.and_then(|content| content.tensors().map(|views| views.len()));
        tensors.unwrap_err()
    }

    #[test]
    fn tensors_lie_where_the_header_says() {
        let header = r#"{"__metadata__":{"k":"v"},
            "b":{"dtype":"F32","shape":[1,2],"data_offsets":[3,11]},
            "a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},
            "none":{"dtype":"F32","shape":[0,9],"data_offsets":[3,3]}}"#;
        let file = file(header, 11);
        let content = Content::read(&file).unwrap();
        assert_eq!(content.metadata["k"], "v");
        let tensors = content.tensors().unwrap();
        assert_eq!(tensors["b"].shape, [1, 2]);
        assert_eq!(
            (tensors["b"].elements, tensors["b"].bytes.len()),
            (Elements::F32, 8)
        );
        assert_eq!(
            (tensors["a"].elements, tensors["a"].bytes.len()),
            (Elements::U8, 3)
        );
        assert!(tensors["none"].bytes.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Content::read(&[1, 2]).unwrap_err().contains("2 bytes"));
        let long = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
        assert!(Content::read(&long).unwrap_err().contains("only 2 follow"));
        assert!(problem("[]", 0).contains("its header"));
        let entry = |dtype: &str, shape: &str, offsets: &str| {
            format!(r#"{{"t":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        assert!(problem(&entry("I64", "[1]", "[0,8]"), 8).contains("tensor `t`"));
        for (shape, offsets) in [("[2]", "[0,4]"), ("[1]", "[4,8]"), ("[1]", "[4,0]")] {
            let found = problem(&entry("F32", shape, offsets), 4);
            assert!(found.contains("tensor `t`: bytes"), "{found}");
        }
        let huge = format!("[{},{}]", usize::MAX, usize::MAX);
        assert!(problem(&entry("F32", &huge, "[0,4]"), 4).contains("tensor `t`"));
        assert!(problem(&entry("F32", "[1]", "[0,4]"), 5).contains("gaps"));
        let twice = r#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},
            "b":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#;
        assert!(problem(twice, 4).contains("gaps"));
    }
}
