//! Features on disk, so that those that do not fit in memory, or that an earlier run computed, are not
//! computed again.
//!
//! Each input has one file, and its mirror image another. A file's name is a SHA-256 over everything that its
//! features depend on: the backbone and its weights, the bytes of the image, which part of it and how it is
//! prepared, the number formats, the device, and this program's version. Files are read whole rather than
//! mapped, because mapped data change if somebody truncates the file. The system caches the files in memory
//! as long as there is room.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bgad_data::{Sample, Turn};
use burn::tensor::{Device, Tensor, TensorData};
use half::f16;
use sha2::{Digest, Sha256};

use super::flow_inputs::FlowInput;
use super::half_precision::{HalfPrecision, Vectors};
use crate::device::host::read;
use crate::error::{Error, Result};
use crate::input::view::View;
use crate::storage::digest::hexadecimal;

/// The first bytes of each file.
const MAGIC: &[u8; 8] = b"bgadfea1";
/// Bytes of a SHA-256.
const CHECKSUM: usize = 32;
/// How a flow's vectors are stored: with 16 or with 32 bits per value.
const HALF: u8 = 2;
const FULL: u8 = 4;

/// Identifies the input whose features a file holds.
pub(crate) struct CachedInput<'a> {
    /// The SHA-256 of the image file.
    pub image: [u8; 32],
    pub sample: &'a Sample,
    pub view: &'a View,
    /// Whether the features are those of the mirror image.
    pub mirrored: bool,
    /// Whether they are rounded to 16 bits.
    pub half: bool,
}

/// A folder of features.
#[derive(Debug)]
pub(crate) struct FeatureCache {
    folder: PathBuf,
    /// What features depend on besides the image.
    settings: String,
    inputs: Vec<FlowInput>,
    /// The first write error that has not been reported yet.
    failure: Mutex<Option<Error>>,
}

impl FeatureCache {
    /// Creates the folder if needed. `settings` describes what features depend on besides the image; `inputs`
    /// are the flows that they are for.
    pub fn open(folder: &Path, settings: String, inputs: Vec<FlowInput>) -> Result<Self> {
        bgad_files::create_folder(folder).map_err(Error::io(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            settings,
            inputs,
            failure: Mutex::default(),
        })
    }

    /// The file for one input.
    pub fn file(&self, input: &CachedInput<'_>) -> PathBuf {
        let CachedInput {
            image,
            sample,
            view,
            mirrored,
            half,
        } = input;
        let (image, settings) = (hexadecimal(image), &self.settings);
        let (region, reading, turn) = (&sample.region, sample.reading(), sample.turn);
        let mut all =
            format!("{settings}\n{image} {region:?} {reading:?} {view:?} {mirrored} {half}");
        // Names of other inputs stay those of earlier versions.
        if turn != Turn::None {
            all += &format!(" {turn:?}");
        }
        let name = hexadecimal(&Sha256::digest(all));
        self.folder.join(format!("{name}.features"))
    }

    /// The vectors in a file; `None` if it is missing or damaged.
    pub fn read(&self, file: &Path, device: &Device) -> Option<Vec<Vectors>> {
        let bytes = std::fs::read(file).ok()?;
        let (checksum, content) = bytes.strip_prefix(MAGIC)?.split_at_checked(CHECKSUM)?;
        if Sha256::digest(content).as_slice() != checksum {
            return None;
        }
        let mut content = content;
        let mut take = |count: usize| {
            let (taken, rest) = content.split_at_checked(count)?;
            content = rest;
            Some(taken)
        };
        let mut all = Vec::new();
        for input in &self.inputs {
            let shape = [input.side.map_or(1, |side| side * side), input.dimension];
            let count = shape[0] * shape[1];
            all.push(match take(1)? {
                [HALF] => {
                    let (values, _) = take(2 * count)?.as_chunks::<2>();
                    let values = values.iter().map(|b| f16::from_le_bytes(*b)).collect();
                    Vectors::Half(Arc::new(HalfPrecision::new(values, shape, device)))
                }
                [FULL] => {
                    let (values, _) = take(4 * count)?.as_chunks::<4>();
                    let values: Vec<f32> = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
                    Vectors::Device(Box::new(Tensor::from_data(
                        TensorData::new(values, shape),
                        device,
                    )))
                }
                _ => return None,
            });
        }
        content.is_empty().then_some(all)
    }

    /// Writes a file atomically. It need not survive a power cut, because damaged files are computed again. A
    /// full disk does not end the run; see [`take_failure`](Self::take_failure).
    pub fn write(&self, file: &Path, all: &[Vectors]) {
        if let Err(error) = self.try_write(file, all) {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
        }
    }

    /// The first write error since the last call.
    pub fn take_failure(&self) -> Option<Error> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    fn try_write(&self, file: &Path, all: &[Vectors]) -> Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; CHECKSUM]);
        for vectors in all {
            match vectors {
                Vectors::Half(half) => {
                    bytes.push(HALF);
                    bytes.extend(half.values.iter().flat_map(|value| value.to_le_bytes()));
                }
                Vectors::Device(vectors) => {
                    bytes.push(FULL);
                    let values =
                        read(vectors.as_ref().clone().cast(burn::tensor::FloatDType::F32))?;
                    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                }
            }
        }
        let (start, content) = bytes.split_at_mut(MAGIC.len() + CHECKSUM);
        start[MAGIC.len()..].copy_from_slice(&Sha256::digest(content));
        bgad_files::write_replaceable(file, &bytes).map_err(Error::io(file))
    }
}
