//! Prediction of images that arrive one after another.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;

use bgad_data::RgbImage;
use rayon::prelude::*;

use super::prediction::Prediction;
use super::trained_model::Detector;
use crate::error::Result;

impl Detector {
    /// Predicts images on all cores, in order, while they arrive. It holds at most one image per thread, and
    /// each result depends on its own image alone. An image that fails to load yields its error, in order,
    /// and the stream continues.
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
        self.predict_images(images)
            .map(|predicted| predicted.map(|(_, prediction)| prediction))
    }

    /// Like [`predict_stream`](Self::predict_stream), but returns each image with its prediction, for
    /// programs that draw or store it.
    pub fn predict_images<I>(
        &self,
        images: I,
    ) -> impl Iterator<Item = Result<(RgbImage, Prediction)>>
    where
        I: IntoIterator<Item = Result<RgbImage>>,
    {
        let mut images = images.into_iter();
        self.in_turn(move |count| images.by_ref().take(count).collect())
    }

    /// Predicts images from a channel on all cores, in order, until all its senders are dropped. An image
    /// that arrives alone is predicted at once, and images that arrived in the meantime together;
    /// [`predict_stream`](Self::predict_stream) would wait for one image per thread, which is slow with a
    /// slow camera. A [`sync_channel`](std::sync::mpsc::sync_channel) limits the waiting images. Results do
    /// not depend on how images arrived; an error keeps its place.
    ///
    /// ```no_run
    /// # fn main() -> bgad::Result<()> {
    /// use std::path::Path;
    /// use std::sync::{Arc, mpsc};
    /// use bgad::{Detector, Device};
    ///
    /// let detector = Arc::new(Detector::load(Path::new("model.bgad"), &Device::flex())?);
    /// let (sender, receiver) = mpsc::sync_channel(4);
    /// let camera = Arc::clone(&detector);
    /// std::thread::spawn(move || {
    ///     for number in 0.. {
    ///         let image = camera.load_image(Path::new(&format!("camera/{number}.png")));
    ///         if sender.send(image).is_err() {
    ///             break;
    ///         }
    ///     }
    /// });
    /// for prediction in detector.predict_channel(receiver) {
    ///     println!("{}", prediction?.score);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn predict_channel(
        &self,
        images: Receiver<Result<RgbImage>>,
    ) -> impl Iterator<Item = Result<Prediction>> {
        self.in_turn(move |count| {
            let first = images.recv().into_iter();
            first.chain(images.try_iter()).take(count).collect()
        })
        .map(|predicted| predicted.map(|(_, prediction)| prediction))
    }

    /// Predictions of the images that `next` returns. Whenever all earlier ones are done, `next` is asked for
    /// at most the given number of images; the stream ends when it returns none.
    fn in_turn(
        &self,
        mut next: impl FnMut(usize) -> Vec<Result<RgbImage>>,
    ) -> impl Iterator<Item = Result<(RgbImage, Prediction)>> {
        let mut done = VecDeque::new();
        std::iter::from_fn(move || {
            if done.is_empty() {
                let images = next(rayon::current_num_threads()).into_par_iter();
                let predicted = images.map(|image| {
                    let image = image?;
                    let prediction = self.predict(&image)?;
                    Ok((image, prediction))
                });
                done.extend(predicted.collect::<Vec<_>>());
            }
            done.pop_front()
        })
    }
}
