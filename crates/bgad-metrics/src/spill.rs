//! Integers sorted in runs, which go to a temporary file when memory is short.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::sweep::{AbnormalScore, Ascending};

/// Bytes read at once from each run.
const READ_BYTES: usize = 64 * 1024;

/// An integer that can be stored.
pub(crate) trait Record: Copy + Ord {
    const BYTES: usize;
    fn write(self, to: &mut Vec<u8>);
    /// The record in the first [`Self::BYTES`] bytes.
    fn read(from: &[u8]) -> Option<Self>;
}

impl Record for u32 {
    const BYTES: usize = 4;

    fn write(self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }

    fn read(from: &[u8]) -> Option<Self> {
        Some(Self::from_le_bytes(*from.first_chunk()?))
    }
}

impl Record for AbnormalScore {
    const BYTES: usize = 8;

    fn write(self, to: &mut Vec<u8>) {
        to.extend(self.0.to_le_bytes());
    }

    fn read(from: &[u8]) -> Option<Self> {
        Some(Self(u64::from_le_bytes(*from.first_chunk()?)))
    }
}

/// The file that all runs share. The operating system removes it when the process ends.
#[derive(Debug)]
pub(crate) struct SpillFile {
    file: File,
    end: u64,
}

impl SpillFile {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile()?,
            end: 0,
        })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(bytes)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }
}

/// A sorted stretch of the file, in bytes.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
}

/// All values of one kind: those still in memory, and the runs in the file.
#[derive(Debug)]
pub(crate) struct SortedRuns<T> {
    recent: Vec<T>,
    runs: Vec<Run>,
}

impl<T> Default for SortedRuns<T> {
    fn default() -> Self {
        Self {
            recent: Vec::new(),
            runs: Vec::new(),
        }
    }
}

impl<T: Record> SortedRuns<T> {
    pub(crate) fn push(&mut self, value: T) {
        self.recent.push(value);
    }

    /// Bytes that the values in memory take.
    pub(crate) fn bytes_in_memory(&self) -> usize {
        self.recent.len() * T::BYTES
    }

    /// Writes the values in memory to the file as another run.
    pub(crate) fn spill(&mut self, file: &mut SpillFile) -> io::Result<()> {
        if self.recent.is_empty() {
            return Ok(());
        }
        self.recent.sort_unstable();
        let start = file.end;
        let mut bytes = Vec::with_capacity(READ_BYTES);
        for values in self.recent.chunks(READ_BYTES / T::BYTES) {
            bytes.clear();
            values.iter().for_each(|value| value.write(&mut bytes));
            file.append(&bytes)?;
        }
        self.runs.push(Run {
            start,
            end: file.end,
        });
        self.recent = Vec::new();
        Ok(())
    }

    /// All values in ascending order. A read error ends them early and is stored in `failure`.
    pub(crate) fn merged<'a>(
        &'a mut self,
        file: Option<&'a SpillFile>,
        failure: &'a RefCell<Option<io::Error>>,
    ) -> Merged<'a, T> {
        self.recent.sort_unstable();
        let in_file = self.runs.iter().filter_map(|&run| {
            Some(RunReader::File {
                file: file?,
                run,
                buffer: Vec::new(),
                at: 0,
            })
        });
        let in_memory = RunReader::Memory(&self.recent);
        let mut merged = Merged {
            readers: in_file.chain([in_memory]).collect(),
            heads: BinaryHeap::new(),
            failure,
        };
        for index in 0..merged.readers.len() {
            if let Some(value) = merged.next_of(index) {
                merged.heads.push(Reverse((value, index)));
            }
        }
        merged
    }
}

/// The unread part of a run.
enum RunReader<'a, T> {
    Memory(&'a [T]),
    File {
        file: &'a SpillFile,
        run: Run,
        buffer: Vec<u8>,
        at: usize,
    },
}

impl<T: Record> RunReader<'_, T> {
    fn next(&mut self) -> io::Result<Option<T>> {
        match self {
            Self::Memory(values) => Ok(values.split_off_first().copied()),
            Self::File {
                file,
                run,
                buffer,
                at,
            } => {
                if *at == buffer.len() {
                    let left = usize::try_from(run.end - run.start).unwrap_or(usize::MAX);
                    buffer.resize(left.min(READ_BYTES), 0);
                    file.read_at(run.start, buffer)?;
                    run.start += buffer.len() as u64;
                    *at = 0;
                }
                let value = buffer.get(*at..).and_then(T::read);
                *at += if value.is_some() { T::BYTES } else { 0 };
                Ok(value)
            }
        }
    }
}

/// The values of several runs in ascending order.
pub(crate) struct Merged<'a, T> {
    readers: Vec<RunReader<'a, T>>,
    /// The next value of each run that has one.
    heads: BinaryHeap<Reverse<(T, usize)>>,
    failure: &'a RefCell<Option<io::Error>>,
}

impl<T: Record> Merged<'_, T> {
    fn next_of(&mut self, reader: usize) -> Option<T> {
        next_or_failure(&mut self.readers[reader], self.failure)
    }
}

fn next_or_failure<T: Record>(
    reader: &mut RunReader<'_, T>,
    failure: &RefCell<Option<io::Error>>,
) -> Option<T> {
    reader.next().unwrap_or_else(|error| {
        failure.replace(Some(error));
        None
    })
}

impl<T: Record> Ascending<T> for Merged<'_, T> {
    fn peek(&mut self) -> Option<T> {
        self.heads.peek().map(|Reverse((value, _))| *value)
    }

    fn advance(&mut self) {
        let Some(mut head) = self.heads.peek_mut() else {
            return;
        };
        let reader = head.0.1;
        match next_or_failure(&mut self.readers[reader], self.failure) {
            Some(value) => *head = Reverse((value, reader)),
            None => {
                PeekMut::pop(head);
            }
        }
    }
}
