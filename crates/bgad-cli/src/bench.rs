//! `bgad bench`: measures this machine in about ten seconds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bgad::burn::tensor::Tensor;
use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Device, Layout, Machine, RgbImage, Trainer, TrainerConfig};
use bgad_backbone::{
    Architecture, Backbone, EfficientNet, FeaturePyramid, HostBackbone, Level, NamedTensor,
    Normalization,
};
use bgad_cpu::{
    Finish, Instructions, Kernel, Matrix, MatrixMut, MultiplyAdd, Panels, Start, multiply_panels,
    run as run_kernel,
};
use bgad_flow::{Conditions, FlowConfig, HostAdam, HostFlow, PositionalEncoding, Workspace};
use clap::Args;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::machine::machine;
use crate::output;

#[derive(Debug, Args)]
pub struct BenchArguments {
    /// Measure every instruction set that this machine has, not only the one in use.
    #[arg(long)]
    pub every: bool,
    /// Write only JSON to standard output, one object per instruction set.
    #[arg(long)]
    pub json: bool,
}

/// The measurements for one instruction set.
struct Figures {
    machine: Machine,
    /// Multiply-adds in registers on one thread, GFLOP/s: an upper bound for every kernel.
    peak: f64,
    /// The product of `[4096, 148]` and `[148, 296]` on one thread and on all threads, GFLOP/s.
    product: [f64; 2],
    /// Copying 256 MiB on one thread, GB/s read plus written.
    copy: f64,
    /// One optimizer step on 4096 rows of 40, 72 and 200 features, in milliseconds.
    steps: [(usize, f64); 3],
    /// One prediction from decoded pixels, in milliseconds per image: alone, and in a batch of eight.
    prediction: [f64; 2],
}

/// Measures and prints.
pub fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let active = Instructions::active();
    let sets: Vec<Instructions> = match arguments.every {
        true => Instructions::available().collect(),
        false => vec![active],
    };
    let predictor = Predictor::new()?;
    for (i, set) in sets.into_iter().enumerate() {
        set.activate().map_err(bgad::Error::from)?;
        let figures = measure(&predictor)?;
        if arguments.json {
            output::json(&object(&figures))?;
            continue;
        }
        if i > 0 {
            output::line("")?;
        }
        for line in table(&figures) {
            output::line(&line)?;
        }
    }
    active.activate().map_err(bgad::Error::from)?;
    Ok(())
}

fn table(figures: &Figures) -> Vec<String> {
    let Figures {
        machine,
        peak,
        product,
        copy,
        steps,
        prediction,
    } = figures;
    let mut lines = vec![
        format!("machine       {machine}"),
        format!("multiply-adds {peak:.1} GFLOP/s on one thread, in registers"),
        format!(
            "product       {:.1} GFLOP/s on one thread, {:.1} on {} (4096x148 times 148x296)",
            product[0], product[1], machine.threads
        ),
        format!("memory        {copy:.1} GB/s, copying on one thread"),
    ];
    for (dimension, time) in steps {
        lines.push(format!(
            "training step {time:.1} ms, 4096 rows of {dimension}"
        ));
    }
    lines.push(format!(
        "prediction    {:.1} ms per image, {:.1} ms in batches of 8 ({BACKBONE} at {SIZE} pixels)",
        prediction[0], prediction[1]
    ));
    lines
}

fn object(figures: &Figures) -> Value {
    let steps = figures.steps.iter();
    json!({
        "machine": figures.machine,
        "multiply_add_gflops": figures.peak,
        "product_gflops": { "one_thread": figures.product[0], "all_threads": figures.product[1] },
        "copy_gigabytes_per_second": figures.copy,
        "step_milliseconds": steps
            .map(|(dimension, time)| (dimension.to_string(), json!(time)))
            .collect::<serde_json::Map<_, _>>(),
        "prediction_milliseconds": {
            "batch_1": figures.prediction[0],
            "batch_8": figures.prediction[1],
        },
    })
}

fn measure(predictor: &Predictor) -> Result<Figures, Failure> {
    let threads = rayon::current_num_threads();
    Ok(Figures {
        machine: machine(),
        peak: registers(),
        product: [product(1), product(threads)],
        copy: copy(),
        steps: [(40, step(40)?), (72, step(72)?), (200, step(200)?)],
        prediction: predictor.measure()?,
    })
}

/// The median time of a call over half a second and at least five calls, after one warm-up call.
fn seconds(mut work: impl FnMut()) -> f64 {
    work();
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < 5 || begin.elapsed() < Duration::from_millis(500) {
        let start = Instant::now();
        work();
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// GFLOP/s of multiply-adds that never leave the registers.
fn registers() -> f64 {
    const STEPS: usize = 200_000;
    // Enough sums to hide the latency of any instruction set, few enough for AVX2's registers.
    const SUMS: usize = 80;
    struct Registers;
    impl Kernel for Registers {
        type Output = [f32; SUMS];

        #[inline(always)]
        fn call<A: MultiplyAdd>(self) -> [f32; SUMS] {
            let (factor, mut sums) = (black_box(0.999), [1.0; SUMS]);
            for _ in 0..STEPS {
                for sum in &mut sums {
                    *sum = A::mul_add(*sum, factor, factor);
                }
            }
            sums
        }
    }
    let time = seconds(|| {
        black_box(run_kernel(Registers));
    });
    2.0 * (STEPS * SUMS) as f64 / time * 1e-9
}

/// GFLOP/s of the flows' largest kind of product; each thread has its own rows.
fn product(threads: usize) -> f64 {
    const ROWS: usize = 4096;
    const INNER: usize = 148;
    const COLUMNS: usize = 296;
    let values = |count: usize| (0..count).map(|i| (i as f32 * 0.731).sin());
    let a: Vec<f32> = values(ROWS * INNER).collect();
    let b: Vec<f32> = values(INNER * COLUMNS).collect();
    let panels = Panels::new(Matrix::new(&b, INNER, COLUMNS));
    let mut results = vec![vec![0.0; ROWS * COLUMNS]; threads.max(1)];
    let multiply = |c: &mut Vec<f32>| {
        let (a, c) = (
            Matrix::new(&a, ROWS, INNER),
            MatrixMut::new(c, ROWS, COLUMNS),
        );
        multiply_panels(a, &panels, Start::Zero, Finish::Nothing, c);
    };
    let time = seconds(|| match &mut results[..] {
        [c] => multiply(c),
        all => all.par_iter_mut().for_each(multiply),
    });
    2.0 * (results.len() * ROWS * INNER * COLUMNS) as f64 / time * 1e-9
}

/// GB/s read plus written by a copy too large for the caches.
fn copy() -> f64 {
    const BYTES: usize = 256 << 20;
    let (from, mut to) = (vec![1u8; BYTES], vec![0u8; BYTES]);
    let time = seconds(|| {
        to.copy_from_slice(black_box(&from));
        black_box(&to);
    });
    2.0 * BYTES as f64 / time * 1e-9
}

/// Milliseconds of one optimizer step on 4096 rows of this many features.
fn step(dimension: usize) -> Result<f64, Failure> {
    const ROWS: usize = 4096;
    const SIDE: usize = 64;
    let failed = bgad::Error::from;
    let encoding = PositionalEncoding::new(128).map_err(failed)?;
    let conditions = Conditions::positions(&encoding, SIDE, SIDE);
    let config = FlowConfig::new(dimension).with_condition(128);
    let flow = config.init(0, &Device::flex()).map_err(failed)?;
    let mut flow = HostFlow::new(&flow).map_err(failed)?;
    let rows: Vec<f32> = (0..ROWS * dimension)
        .map(|i| ((i * 7919 % 10_007) as f32 / 5003.5) - 1.0)
        .collect();
    let places: Vec<u32> = (0..ROWS).map(|i| (i % (SIDE * SIDE)) as u32).collect();
    let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
    let time = seconds(|| {
        let row = |i: usize| &rows[i * dimension..(i + 1) * dimension];
        let rows = (row, places.as_slice());
        // The computation can't fail on these rows.
        let _ = flow.step(&mut adam, 2e-4, rows, &conditions, &mut workspace, |l| {
            Ok::<_, ()>(Some(vec![-1.0 / l.len() as f32; l.len()]))
        });
    });
    Ok(time * 1e3)
}

const BACKBONE: &str = "tf_efficientnetv2_b0";
const SIZE: u32 = 256;

/// A backbone without a published name, so that its model can't be mistaken for a useful one.
#[derive(Debug)]
struct RandomWeights(EfficientNet);

impl RandomWeights {
    const NAME: &str = "random weights";
}

impl Backbone for RandomWeights {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn normalization(&self) -> Normalization {
        Backbone::normalization(&self.0)
    }

    fn levels(&self) -> &[Level] {
        Backbone::levels(&self.0)
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        self.0.extract(images)
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        self.0.tensors()
    }

    fn on_host(&self) -> Option<&dyn HostBackbone> {
        self.0.on_host()
    }
}

/// A detector on a backbone of random weights, which take as long as trained ones.
struct Predictor {
    detector: bgad::Detector,
}

impl Predictor {
    fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|source| Failure::File {
            path: std::env::temp_dir(),
            source,
        })?;
        let parts = SyntheticConfig {
            train_images: 2,
            test_images: 1,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        synthetic::write(folder.path(), &parts)?;
        let dataset = Layout::Mvtec.read(folder.path(), None)?;
        let config = TrainerConfig::default().with(|config| {
            config.backbone.name = RandomWeights::NAME.to_owned();
            config.input.image_size = Some(SIZE);
            config.schedule.meta_epochs = 1;
            config.schedule.sub_epochs = 1;
            config.pooled.folds = 0;
            config.schedule.image_steps = 1;
        });
        let backbone = EfficientNet::random(
            Architecture::V2B0,
            &config.backbone.strides,
            0,
            &Device::flex(),
        );
        let trainer =
            Trainer::new(config).with_backbone(std::sync::Arc::new(RandomWeights(backbone)));
        Ok(Self {
            detector: trainer.fit(&dataset)?,
        })
    }

    /// Milliseconds per image, alone and in a batch of eight.
    fn measure(&self) -> Result<[f64; 2], Failure> {
        let image = RgbImage::from_fn(SIZE, SIZE, |x, y| {
            let at = |factor: u32| ((x * factor + y * 7) % 251) as u8;
            [at(3), at(5), at(11)].into()
        });
        let images = vec![image; 8];
        // Once to check for an error, then timed.
        self.detector.predict_batch(&images)?;
        let alone = seconds(|| drop(self.detector.predict(&images[0])));
        let together = seconds(|| drop(self.detector.predict_batch(&images)));
        Ok([alone * 1e3, together * 1e3 / 8.0])
    }
}
