//! Uncompressed TIFF files of any kind, from their samples.
#![allow(dead_code, missing_docs)]

/// A TIFF to be written.
#[derive(Clone)]
pub struct Tiff {
    pub size: (u32, u32),
    pub bits: u16,
    pub samples: u16,
    pub photometric: u16,
    /// 1 whole numbers, 2 signed, 3 floats.
    pub format: u16,
    pub big: bool,
    pub big_endian: bool,
    /// The sides of tiles; strips of three rows else.
    pub tiles: Option<(u32, u32)>,
    pub planar: bool,
    /// Red, green and blue of each colour.
    pub palette: Vec<[u16; 3]>,
    pub compression: u16,
}

impl Tiff {
    pub fn new(size: (u32, u32), bits: u16, samples: u16) -> Self {
        Self {
            size,
            bits,
            samples,
            photometric: if samples >= 3 { 2 } else { 1 },
            format: 1,
            big: false,
            big_endian: false,
            tiles: None,
            planar: false,
            palette: Vec::new(),
            compression: 1,
        }
    }

    fn number(&self, value: u64, bytes: usize) -> Vec<u8> {
        match self.big_endian {
            true => value.to_be_bytes()[8 - bytes..].to_vec(),
            false => value.to_le_bytes()[..bytes].to_vec(),
        }
    }

    /// Packs a part of the image; `sample` gives the bits of a channel at a place.
    fn chunk(
        &self,
        (left, top): (u32, u32),
        (width, height): (u32, u32),
        channels: std::ops::Range<u16>,
        sample: &dyn Fn(u32, u32, u16) -> u64,
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        for y in top..top + height {
            let mut waiting = (0_u64, 0);
            for x in left..left + width {
                for channel in channels.clone() {
                    let inside = x < self.size.0 && y < self.size.1;
                    let value = if inside { sample(x, y, channel) } else { 0 };
                    if self.bits.is_multiple_of(8) {
                        bytes.extend(self.number(value, usize::from(self.bits / 8)));
                        continue;
                    }
                    waiting = (waiting.0 << self.bits | value, waiting.1 + self.bits);
                    while waiting.1 >= 8 {
                        waiting.1 -= 8;
                        bytes.push((waiting.0 >> waiting.1) as u8);
                    }
                }
            }
            if waiting.1 > 0 {
                bytes.push((waiting.0 << (8 - waiting.1)) as u8);
            }
        }
        bytes
    }

    /// The file.
    pub fn write(&self, sample: &dyn Fn(u32, u32, u16) -> u64) -> Vec<u8> {
        let (width, height) = self.size;
        let (across, down) = self.tiles.unwrap_or((width, 3));
        let planes: Vec<_> = match self.planar {
            true => (0..self.samples).map(|s| s..s + 1).collect(),
            false => std::iter::once(0..self.samples).collect(),
        };
        let mut chunks = Vec::new();
        for plane in planes {
            for top in (0..height).step_by(down as usize) {
                for left in (0..width).step_by(across as usize) {
                    let rows = match self.tiles {
                        Some(_) => down,
                        None => down.min(height - top),
                    };
                    let size = (across, rows);
                    chunks.push(self.chunk((left, top), size, plane.clone(), sample));
                }
            }
        }
        let head: u64 = if self.big { 16 } else { 8 };
        let mut data: Vec<u8> = Vec::new();
        let (mut offsets, mut counts) = (Vec::new(), Vec::new());
        for chunk in &chunks {
            offsets.push(head + data.len() as u64);
            counts.push(chunk.len() as u64);
            data.extend(chunk);
        }
        let wide = if self.big { 16 } else { 4 };
        let mut tags: Vec<(u16, u16, Vec<u64>)> = vec![
            (256, 4, vec![width.into()]),
            (257, 4, vec![height.into()]),
            (258, 3, vec![self.bits.into(); self.samples.into()]),
            (259, 3, vec![self.compression.into()]),
            (262, 3, vec![self.photometric.into()]),
            (277, 3, vec![self.samples.into()]),
            (284, 3, vec![if self.planar { 2 } else { 1 }]),
            (339, 3, vec![self.format.into(); self.samples.into()]),
        ];
        if self.tiles.is_some() {
            tags.push((322, 4, vec![across.into()]));
            tags.push((323, 4, vec![down.into()]));
            tags.push((324, wide, offsets));
            tags.push((325, wide, counts));
        } else {
            tags.push((273, wide, offsets));
            tags.push((278, 4, vec![down.into()]));
            tags.push((279, wide, counts));
        }
        if !self.palette.is_empty() {
            let channel = |index: usize| self.palette.iter().map(move |c| u64::from(c[index]));
            tags.push((320, 3, (0..3).flat_map(channel).collect()));
        }
        tags.sort();
        let room = if self.big { 8 } else { 4 };
        let mut entries = Vec::new();
        for (tag, kind, values) in &tags {
            let size = match kind {
                3 => 2,
                4 => 4,
                _ => 8,
            };
            let mut content: Vec<u8> = values.iter().flat_map(|v| self.number(*v, size)).collect();
            if content.len() > room {
                let place = head + data.len() as u64;
                data.extend(&content);
                content = self.number(place, room);
            }
            content.resize(room, 0);
            entries.extend(self.number((*tag).into(), 2));
            entries.extend(self.number((*kind).into(), 2));
            entries.extend(self.number(values.len() as u64, room));
            entries.extend(content);
        }
        let place = head + data.len() as u64;
        let mut bytes = if self.big_endian { b"MM" } else { b"II" }.to_vec();
        if self.big {
            bytes.extend([self.number(43, 2), self.number(8, 2), vec![0; 2]].concat());
        } else {
            bytes.extend(self.number(42, 2));
        }
        bytes.extend(self.number(place, room));
        bytes.extend(data);
        bytes.extend(self.number(tags.len() as u64, if self.big { 8 } else { 2 }));
        bytes.extend(entries);
        bytes.extend(vec![0; room]);
        bytes
    }
}
