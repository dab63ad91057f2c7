//! Prediction of images that come one after the other.

use std::collections::VecDeque;

use bgad_data::RgbImage;
use rayon::prelude::*;

use crate::{Detector, Prediction, Result};

impl Detector {
    /// Predicts images as they come, in their order, on all cores. No more of them are held than
    /// there are threads; each is computed alone. An image that could not be had stays in its place
    /// as its error, and the stream goes on.
    ///
    /// ```no_run
    /// # fn main() -> bgad::Result<()> {
    /// use std::path::Path;
    /// use bgad::{Detector, Device};
    ///
    /// let detector = Detector::load(Path::new("model.bgad"), &Device::flex())?;
    /// let files = ["1.png", "2.png"];
    /// let images = files.iter().map(|file| detector.load_image(Path::new(file)));
    /// for (file, prediction) in files.iter().zip(detector.predict_stream(images)) {
    ///     match prediction {
    ///         Ok(prediction) => println!("{file}: {}", prediction.score),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn predict_stream<I>(&self, images: I) -> impl Iterator<Item = Result<Prediction>>
    where
        I: IntoIterator<Item = Result<RgbImage>>,
    {
        let mut images = images.into_iter();
        let mut done = VecDeque::new();
        std::iter::from_fn(move || {
            if done.is_empty() {
                let next = images.by_ref().take(rayon::current_num_threads());
                let next: Vec<Result<RgbImage>> = next.collect();
                let predicted = next.into_par_iter().map(|image| self.predict(&image?));
                done.extend(predicted.collect::<Vec<_>>());
            }
            done.pop_front()
        })
    }
}
