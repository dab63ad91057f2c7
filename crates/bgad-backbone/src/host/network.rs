//! The whole network on one image after the other, or several at once.

use std::sync::{Mutex, PoisonError};

use bgad_cpu::Panels;
use rayon::prelude::*;

use super::convolution::FullConvolution;
use super::inverted::{BlockMemory, InvertedBlock};
use super::map::{Size, transpose};
use super::tasks::Sharing;
use crate::backbone::FeatureMap;

#[derive(Debug)]
pub(crate) enum HostBlock {
    Full(FullConvolution),
    Inverted(InvertedBlock),
}

impl HostBlock {
    fn stride(&self) -> usize {
        match self {
            Self::Full(block) => block.stride,
            Self::Inverted(block) => block.stride(),
        }
    }

    fn outputs(&self) -> usize {
        match self {
            Self::Full(block) => block.outputs(),
            Self::Inverted(block) => block.projection.outputs(),
        }
    }

    fn between(&self, outputs: Size) -> usize {
        match self {
            Self::Full(_) => 0,
            Self::Inverted(block) => block.between(outputs),
        }
    }
}

/// Blocks in a row; the last one's output is a level where `tapped`.
#[derive(Debug)]
pub(crate) struct HostStage {
    pub blocks: Vec<HostBlock>,
    pub tapped: bool,
}

#[derive(Debug)]
pub(crate) struct HostNetwork {
    pub stages: Vec<HostStage>,
    /// Kept from one image to the next.
    memory: Mutex<Vec<Memory>>,
}

/// What one image needs.
#[derive(Debug, Default)]
struct Memory {
    from: Vec<f32>,
    to: Vec<f32>,
    between: Vec<f32>,
    gated: Panels,
    bytes: Vec<u8>,
}

/// Values that may be kept for the next call, over all of the memory: 64 MiB.
const KEPT: usize = 1 << 24;

impl Memory {
    fn values(&self) -> usize {
        let gated = self.gated.rows() * self.gated.columns();
        self.from.capacity()
            + self.to.capacity()
            + self.between.capacity()
            + gated
            + self.bytes.capacity() / 4
    }
}

/// Makes room without writing what is there already.
fn reserve(values: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if values.len() < length {
        // Nothing of the old content is needed, so nothing is copied.
        values.clear();
        values.resize(length, 0.0);
    }
    &mut values[..length]
}

impl HostNetwork {
    pub fn new(stages: Vec<HostStage>) -> Self {
        Self {
            stages,
            memory: Mutex::default(),
        }
    }

    /// The levels of images `[batch, 3, height, width]`.
    pub fn extract(&self, images: &[f32], height: usize, width: usize) -> Vec<FeatureMap> {
        let size = Size { height, width };
        let mut levels = self.levels(size);
        let image = 3 * size.pixels();
        let batch = images.len() / image;
        for level in &mut levels {
            level.values = vec![0.0; batch * level.channels * level.height * level.width];
        }
        // For each image, where its levels go.
        let mut targets: Vec<Vec<&mut [f32]>> = (0..batch).map(|_| Vec::new()).collect();
        for level in &mut levels {
            let length = level.channels * level.height * level.width;
            for (target, values) in targets
                .iter_mut()
                .zip(level.values.chunks_exact_mut(length))
            {
                target.push(values);
            }
        }
        let mut work: Vec<_> = images.chunks_exact(image).zip(targets).collect();
        // As many images as fill all threads go beside each other; each of the rest takes all
        // threads.
        let threads = rayon::current_num_threads().max(1);
        let rest = work.split_off(batch - batch % threads);
        work.into_par_iter()
            .with_max_len(1)
            .for_each(|(image, to)| self.image(image, size, to, Sharing::Images));
        // On one of the pool's threads, which divides the work faster than a thread outside.
        rayon::scope(|_| {
            for (image, to) in rest {
                self.image(image, size, to, Sharing::Pieces);
            }
        });
        levels
    }

    /// The levels' shapes, without values.
    fn levels(&self, mut size: Size) -> Vec<FeatureMap> {
        let mut levels = Vec::new();
        for stage in &self.stages {
            let mut channels = 0;
            for block in &stage.blocks {
                size = size.strided(block.stride());
                channels = block.outputs();
            }
            if stage.tapped {
                levels.push(FeatureMap {
                    channels,
                    height: size.height,
                    width: size.width,
                    values: Vec::new(),
                });
            }
        }
        levels
    }

    fn image(&self, image: &[f32], mut size: Size, levels: Vec<&mut [f32]>, sharing: Sharing) {
        let mut memory = self.lock().pop().unwrap_or_default();
        let Memory {
            from,
            to,
            between,
            gated,
            bytes,
        } = &mut memory;
        transpose(image, 3, size.pixels(), reserve(from, image.len()));
        let mut channels = 3;
        let mut levels = levels.into_iter();
        for stage in &self.stages {
            for block in &stage.blocks {
                let outputs = size.strided(block.stride());
                let input = &from[..size.pixels() * channels];
                channels = block.outputs();
                let output = reserve(to, outputs.pixels() * channels);
                match block {
                    HostBlock::Full(block) => block.apply(input, size, output, sharing),
                    HostBlock::Inverted(inverted) => {
                        let memory = BlockMemory {
                            between: reserve(between, block.between(outputs)),
                            gated,
                            bytes,
                        };
                        inverted.apply((input, size), memory, output, sharing);
                    }
                }
                std::mem::swap(from, to);
                size = outputs;
            }
            if stage.tapped
                && let Some(level) = levels.next()
            {
                level.copy_from_slice(&from[..size.pixels() * channels]);
            }
        }
        let mut kept = self.lock();
        if kept.iter().map(Memory::values).sum::<usize>() + memory.values() <= KEPT {
            kept.push(memory);
        }
    }

    /// Shows `see` what each product over channels but the stem's sees of one image `[3, height, width]`:
    /// rows of so many channels, in the order of the plan.
    pub fn observe(
        &self,
        image: &[f32],
        (height, width): (usize, usize),
        mut see: impl FnMut(usize, &[f32]),
    ) {
        let mut size = Size { height, width };
        let mut from = vec![0.0; image.len()];
        transpose(image, 3, size.pixels(), &mut from);
        let (mut gated, mut channels) = (Panels::default(), 3);
        for (index, block) in self.stages.iter().flat_map(|s| &s.blocks).enumerate() {
            let outputs = size.strided(block.stride());
            let mut to = vec![0.0; outputs.pixels() * block.outputs()];
            match block {
                HostBlock::Full(block) => {
                    if index > 0 {
                        see(channels, &from);
                        if block.projection.is_some() {
                            see(block.windows.outputs(), &block.widened(&from, size));
                        }
                    }
                    block.apply(&from, size, &mut to, Sharing::Pieces);
                }
                HostBlock::Inverted(block) => {
                    if block.expands() {
                        see(channels, &from);
                    }
                    let wide = block.widened(&from, size);
                    see(wide.len() / outputs.pixels(), &wide);
                    let memory = BlockMemory {
                        between: &mut vec![0.0; block.between(outputs)],
                        gated: &mut gated,
                        bytes: &mut Vec::new(),
                    };
                    block.apply((&from, size), memory, &mut to, Sharing::Pieces);
                }
            }
            (channels, size, from) = (block.outputs(), outputs, to);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Memory>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
