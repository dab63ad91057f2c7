//! A production line: paths arrive one by one, decisions leave in the same order, and an unreadable image
//! does not stop it.
//!
//!     find images -name '*.png' | cargo run --release --example predict_stream -- model.bgad
//!
//! Without arguments it trains a model on a few drawn parts, which then pass by.
#![allow(clippy::print_stdout)] // an example talks to a person

mod common;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use bgad::{Detector, Device, Model, Trainer, load_image};
use common::Result;

fn main() -> Result {
    let (detector, paths): (_, Box<dyn Iterator<Item = PathBuf> + Send>) =
        match std::env::args().nth(1) {
            Some(model) => {
                let lines = std::io::stdin()
                    .lock()
                    .lines()
                    .map_while(std::io::Result::ok);
                let paths: Vec<PathBuf> = lines.map(PathBuf::from).collect();
                (
                    Detector::load(Path::new(&model), &Device::flex())?,
                    Box::new(paths.into_iter()),
                )
            }
            None => {
                let parts = common::draw(Path::new("out/predict_stream/parts"))?;
                let detector = Trainer::new(common::short(Model::Bgad)).fit(&parts)?;
                let paths = parts.test.into_iter().map(|sample| sample.path);
                let paths = paths.chain([PathBuf::from("no such image.png")]);
                (detector, Box::new(paths))
            }
        };
    // The camera: a separate thread, which waits while two images are ahead.
    let (sender, receiver) = sync_channel(2);
    let camera = std::thread::spawn(move || {
        for path in paths {
            let image = load_image(&path).map_err(bgad::Error::from);
            if sender.send(image).is_err() {
                break; // the loop below has ended
            }
        }
    });
    for (number, prediction) in (1..).zip(detector.predict_channel(receiver)) {
        match prediction {
            Ok(prediction) => {
                let decision = if prediction.anomalous {
                    "reject"
                } else {
                    "accept"
                };
                println!(
                    "{number} {decision} {:.3} p {:.3}",
                    prediction.score, prediction.p_value
                );
            }
            Err(error) => println!("{number} {error}"),
        }
    }
    camera
        .join()
        .map_err(|_| "the camera's thread has failed")?;
    Ok(())
}
