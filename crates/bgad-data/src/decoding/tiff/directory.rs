//! The first directory of a TIFF or BigTIFF.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use crate::decoding::fault::{Fault, damaged, not_read};

/// Most values of one tag; every strip or tile needs one.
const MOST_VALUES: u64 = 1 << 24;
/// Most tags in a directory.
const MOST_ENTRIES: u64 = 4096;

/// A tag's entry as stored in the file.
struct Entry {
    kind: u16,
    count: u64,
    /// The values themselves, or their offset.
    field: [u8; 8],
}

/// The tags of an image, and the file they describe.
pub(super) struct Directory<R> {
    reader: R,
    little_endian: bool,
    big: bool,
    entries: BTreeMap<u16, Entry>,
}

impl<R: Read + Seek> Directory<R> {
    /// Reads the header and the directory that it points to.
    pub(super) fn read(mut reader: R) -> Result<Self, Fault> {
        reader.seek(SeekFrom::Start(0)).map_err(Fault::reading)?;
        let [a, b, c, d] = bytes(&mut reader)?;
        let little_endian = (a, b) == (b'I', b'I');
        let version = if little_endian {
            u16::from_le_bytes([c, d])
        } else {
            u16::from_be_bytes([c, d])
        };
        let mut directory = Self {
            reader,
            little_endian,
            big: version == 43,
            entries: BTreeMap::new(),
        };
        let offset = if directory.big {
            let _sizes: [u8; 4] = bytes(&mut directory.reader)?;
            let field = bytes(&mut directory.reader)?;
            directory.u64(field)
        } else {
            let field = bytes(&mut directory.reader)?;
            directory.u32(field).into()
        };
        directory.seek(offset)?;
        let number = if directory.big {
            let field = bytes(&mut directory.reader)?;
            directory.u64(field)
        } else {
            let field = bytes(&mut directory.reader)?;
            directory.u16(field).into()
        };
        if number > MOST_ENTRIES {
            return Err(damaged("more tags than a TIFF can have"));
        }
        for _ in 0..number {
            directory.read_entry()?;
        }
        Ok(directory)
    }

    fn read_entry(&mut self) -> Result<(), Fault> {
        let tag = bytes(&mut self.reader)?;
        let kind = bytes(&mut self.reader)?;
        let (count, field) = if self.big {
            let count = bytes(&mut self.reader)?;
            (self.u64(count), bytes(&mut self.reader)?)
        } else {
            let count = bytes(&mut self.reader)?;
            let [a, b, c, d] = bytes(&mut self.reader)?;
            (self.u32(count).into(), [a, b, c, d, 0, 0, 0, 0])
        };
        let (tag, kind) = (self.u16(tag), self.u16(kind));
        let entry = Entry { kind, count, field };
        self.entries.entry(tag).or_insert(entry);
        Ok(())
    }

    /// The integers of a tag; `None` if the tag is absent.
    pub(super) fn numbers(&mut self, tag: u16) -> Result<Option<Vec<u64>>, Fault> {
        let Some(Entry { kind, count, field }) = self.entries.get(&tag) else {
            return Ok(None);
        };
        let (kind, count, field) = (*kind, *count, *field);
        let size = match kind {
            1 | 7 => 1,
            3 => 2,
            4 | 13 => 4,
            16 | 18 => 8,
            _ => return Err(damaged("a tag of a kind that does not belong there")),
        };
        if count > MOST_VALUES {
            return Err(damaged("a tag with more values than a TIFF can have"));
        }
        let room = if self.big { 8 } else { 4 };
        let length = count * size;
        let content = if length <= room {
            field[..length as usize].to_vec()
        } else {
            let offset = match self.big {
                true => self.u64(field),
                false => {
                    let [a, b, c, d, ..] = field;
                    self.u32([a, b, c, d]).into()
                }
            };
            self.bytes_at(offset, length)?
        };
        let numbers = content.chunks_exact(size as usize).map(|value| {
            let mut wide = [0; 8];
            if self.little_endian {
                wide[..value.len()].copy_from_slice(value);
                u64::from_le_bytes(wide)
            } else {
                wide[8 - value.len()..].copy_from_slice(value);
                u64::from_be_bytes(wide)
            }
        });
        Ok(Some(numbers.collect()))
    }

    /// The first, or only, number of a tag.
    pub(super) fn number(&mut self, tag: u16) -> Result<Option<u64>, Fault> {
        Ok(self
            .numbers(tag)?
            .and_then(|numbers| numbers.first().copied()))
    }

    /// A number that must be present and fit 32 bits.
    pub(super) fn required(&mut self, tag: u16, what: &str) -> Result<u32, Fault> {
        let number = self.number(tag)?;
        let number = number.ok_or_else(|| Fault::Damaged(format!("a TIFF without {what}")))?;
        u32::try_from(number)
            .map_err(|_| not_read("a TIFF with more pixels than 32 bits can count"))
    }

    /// `length` bytes of the file, from `offset`.
    pub(super) fn bytes_at(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, Fault> {
        self.seek(offset)?;
        let mut content = Vec::new();
        let mut part = (&mut self.reader).take(length);
        part.read_to_end(&mut content).map_err(Fault::reading)?;
        match content.len() as u64 == length {
            true => Ok(content),
            false => Err(damaged("the file ends before the image does")),
        }
    }

    pub(super) fn is_little_endian(&self) -> bool {
        self.little_endian
    }

    fn seek(&mut self, offset: u64) -> Result<(), Fault> {
        let sought = self.reader.seek(SeekFrom::Start(offset));
        // Offsets beyond 63 bits cannot be reached.
        sought
            .map(drop)
            .map_err(|_| damaged("an offset beyond the end of the file"))
    }

    fn u16(&self, bytes: [u8; 2]) -> u16 {
        match self.little_endian {
            true => u16::from_le_bytes(bytes),
            false => u16::from_be_bytes(bytes),
        }
    }

    fn u32(&self, bytes: [u8; 4]) -> u32 {
        match self.little_endian {
            true => u32::from_le_bytes(bytes),
            false => u32::from_be_bytes(bytes),
        }
    }

    fn u64(&self, bytes: [u8; 8]) -> u64 {
        match self.little_endian {
            true => u64::from_le_bytes(bytes),
            false => u64::from_be_bytes(bytes),
        }
    }
}

fn bytes<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(Fault::reading)?;
    Ok(bytes)
}
