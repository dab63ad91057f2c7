//! Times an EfficientNet with random weights: median milliseconds per image.
//!
//! `backbone_time [ARCHITECTURE [BATCH [SIZE [REPETITIONS]]]]`, with `tensors` at the end for Burn's
//! own operations. `RAYON_NUM_THREADS` sets the threads.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use bgad_backbone::{Architecture, Backbone, EfficientNet};
use burn::tensor::{Device, Tensor, TensorData};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: usize| {
        arguments
            .get(index)
            .map_or(Ok(default), |text| text.parse())
    };
    let architecture: Architecture = arguments
        .first()
        .map_or("tf_efficientnet_b6", String::as_str)
        .parse()?;
    let (batch, size, repetitions) = (number(1, 1)?, number(2, 256)?, number(3, 20)?);

    let device = Device::flex();
    let mut network = EfficientNet::random(architecture, &[4, 8, 16], 0, &device);
    if arguments.get(4).is_some_and(|kind| kind == "tensors") {
        network = network.with_tensor_layers();
    }
    let values = (0..batch * 3 * size * size).map(|i| (i as f32 * 0.731).sin());
    let images = TensorData::new(values.collect::<Vec<f32>>(), [batch, 3, size, size]);
    let images = Tensor::<4>::from_data(images, &device);
    for _ in 0..2 {
        network.extract(images.clone());
    }
    let mut times: Vec<f64> = (0..repetitions.max(1))
        .map(|_| {
            let begin = Instant::now();
            network.extract(images.clone());
            begin.elapsed().as_secs_f64() * 1e3 / batch as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{architecture}, batch {batch}, {size}x{size}, {} threads: {:.1} ms per image (best {:.1})",
        std::env::var("RAYON_NUM_THREADS").unwrap_or_else(|_| "all".to_owned()),
        times[times.len() / 2],
        times[0]
    );
    Ok(())
}
