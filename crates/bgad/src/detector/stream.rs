//! Prediction of images that arrive one after another.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::Receiver;

use bgad_data::RgbImage;
use rayon::prelude::*;

use super::prediction::Prediction;
use super::trained_model::Detector;
use crate::error::Result;

/// How many files each thread reads and predicts before results are handed on; only then do threads
/// wait for each other.
const FILES_A_THREAD: usize = 8;

impl Detector {
    /// Reads image files and predicts them on all cores, in order. While one thread reads, others predict; each
    /// holds one image, as [`load_image`](Self::load_image) gives it. Results come several at once, and each
    /// depends on its own file alone. A file that is not a readable image yields its error, in order.
    ///
    /// ```no_run
    /// # fn main() -> bgad::Result<()> {
    /// use std::path::Path;
    /// use bgad::{Detector, Device};
    ///
    /// let detector = Detector::load(Path::new("model.bgad"), &Device::flex())?;
    /// let files = ["1.png", "2.png"];
    /// for (file, prediction) in files.iter().zip(detector.predict_files(files)) {
    ///     match prediction {
    ///         Ok(prediction) => println!("{file}: {}", prediction.score),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn predict_files<I>(&self, files: I) -> impl Iterator<Item = Result<Prediction>>
    where
        I: IntoIterator<Item: AsRef<Path> + Send>,
    {
        let mut files = files.into_iter();
        self.in_turn(
            move |threads| files.by_ref().take(threads * FILES_A_THREAD).collect(),
            |file: I::Item| self.predict_file(file.as_ref()),
        )
    }

    /// Like [`predict_files`](Self::predict_files), but returns each image with its prediction. To hold at most
    /// one image per thread, threads wait for each other after every image.
    pub fn predict_files_with_images<I>(
        &self,
        files: I,
    ) -> impl Iterator<Item = Result<(RgbImage, Prediction)>>
    where
        I: IntoIterator<Item: AsRef<Path> + Send>,
    {
        let mut files = files.into_iter();
        self.in_turn(
            move |threads| files.by_ref().take(threads).collect(),
            |file: I::Item| self.with_prediction(self.load_image(file.as_ref())),
        )
    }

    /// Predicts images on all cores, in order, while they arrive. The calling thread takes them
    /// from the iterator, so [`predict_files`](Self::predict_files) is faster for files. At most
    /// one image per thread is held, and each result depends on its own image alone. An image that
    /// fails to load yields its error, in order, and the stream continues.
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
        self.in_turn(
            move |threads| images.by_ref().take(threads).collect(),
            |image| self.with_prediction(image),
        )
    }

    /// Predicts images from a channel on all cores, in order, until all its senders are dropped. An
    /// image that arrives alone is predicted at once, and images that arrived in the meantime
    /// together; [`predict_stream`](Self::predict_stream) would wait for one image per thread,
    /// which is slow with a slow camera. A [`sync_channel`](std::sync::mpsc::sync_channel) limits
    /// the waiting images. Results do not depend on how images arrived, and errors come in order
    /// too.
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
        self.in_turn(
            move |threads| {
                let first = images.recv().into_iter();
                first.chain(images.try_iter()).take(threads).collect()
            },
            |image| self.predict(&image?),
        )
    }

    fn with_prediction(&self, image: Result<RgbImage>) -> Result<(RgbImage, Prediction)> {
        let image = image?;
        let prediction = self.predict(&image)?;
        Ok((image, prediction))
    }

    /// Applies `work`, on all cores, to the items that `next` returns. `next` gets the number of
    /// threads and is called again whenever all earlier items are done; the stream ends when it
    /// returns none.
    fn in_turn<T: Send, R: Send>(
        &self,
        mut next: impl FnMut(usize) -> Vec<T>,
        work: impl Fn(T) -> Result<R> + Sync,
    ) -> impl Iterator<Item = Result<R>> {
        let mut done = VecDeque::new();
        std::iter::from_fn(move || {
            if done.is_empty() {
                let images = next(rayon::current_num_threads()).into_par_iter();
                // One by one, so that no thread waits beside another's second image.
                let results = images.with_max_len(1).map(&work);
                done.extend(results.collect::<Vec<_>>());
            }
            done.pop_front()
        })
    }
}
