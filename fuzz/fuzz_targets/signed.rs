//! Our tensor files with a correct checksum, so that damaged contents reach the reader.

use std::collections::{BTreeMap, HashMap};

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Joins a description, a safetensors header without metadata, and the tensors' bytes, which are separated by
/// a zero byte; `None` if these are not tensors.
pub fn signed(key: &str, version: u32, parts: &[u8]) -> Option<Vec<u8>> {
    let mut parts = parts.splitn(3, |byte| *byte == 0);
    let description = std::str::from_utf8(parts.next()?).ok()?;
    let tensors: Map<String, Value> = serde_json::from_slice(parts.next()?).ok()?;
    let bare = file(&tensors, parts.next()?)?;
    let views = SafeTensors::deserialize(&bare).ok()?;
    let views: BTreeMap<String, TensorView<'_>> = views.tensors().into_iter().collect();
    let header = json!({
        "format_version": version,
        "checksum": checksum(description, &views),
        "description": description,
    });
    let metadata = HashMap::from([(key.to_owned(), header.to_string())]);
    safetensors::serialize(views, Some(metadata)).ok()
}

fn file(tensors: &Map<String, Value>, data: &[u8]) -> Option<Vec<u8>> {
    let mut header = tensors.clone();
    header.remove("__metadata__");
    let header = serde_json::to_vec(&header).ok()?;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    Some(bytes)
}

fn checksum(description: &str, tensors: &BTreeMap<String, TensorView<'_>>) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(description.as_bytes());
    for (name, tensor) in tensors {
        field(name.as_bytes());
        field(format!("{:?}", tensor.dtype()).as_bytes());
        let shape = tensor.shape().iter();
        field(&shape.flat_map(|n| (*n as u64).to_le_bytes()).collect::<Vec<_>>());
        field(tensor.data());
    }
    let checksum = hash.finalize();
    checksum.iter().map(|byte| format!("{byte:02x}")).collect()
}
