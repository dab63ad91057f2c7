//! Predicts images with a model file: `predict-only MODEL IMAGE...`.
use bgad::{Detector, Device};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: predict-only MODEL IMAGE...")?;
    let detector = Detector::load(model.as_ref(), &Device::flex())?;
    for image in arguments {
        let prediction = detector.predict_file(image.as_ref())?;
        println!("{image} {} {}", prediction.score, prediction.anomalous);
    }
    Ok(())
}
